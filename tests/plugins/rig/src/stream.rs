//! Reading and writing host streams to the end. Thread: main. Invariant: short reads and writes are continued, not believed.

use vst3::{
    ComRef,
    Steinberg::{IBStream, IBStreamTrait, kResultOk},
};

/// `[main]` Everything from the present position, or what came before the stream failed; at most `limit` bytes.
pub fn read_to_end(stream: ComRef<'_, IBStream>, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = [0_u8; 4096];
    while bytes.len() < limit {
        let wanted = part.len().min(limit - bytes.len());
        let mut got = 0;
        let result = unsafe { stream.read(part.as_mut_ptr().cast(), wanted as i32, &mut got) };
        let got = usize::try_from(got).unwrap_or(0).min(wanted);
        bytes.extend_from_slice(&part[..got]);
        if result != kResultOk || got == 0 {
            break;
        }
    }
    bytes
}

/// `[main]` Writes everything; false when the stream took less.
pub fn write_all(stream: ComRef<'_, IBStream>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let wanted = bytes.len().min(1 << 20);
        let mut taken = 0;
        let result = unsafe { stream.write(bytes.as_ptr().cast_mut().cast(), wanted as i32, &mut taken) };
        let taken = usize::try_from(taken).unwrap_or(0).min(wanted);
        if taken == 0 || result != kResultOk {
            return false;
        }
        bytes = &bytes[taken..];
    }
    true
}
