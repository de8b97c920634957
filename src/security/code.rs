//! L0 · the six digits a person reads at the bridge and types into the page.
//!
//! Thread: any. Invariant: every code is as likely as any other. Deliberately absent: chance; bytes are handed in.

use subtle::ConstantTimeEq as _;

/// `[any]` A code from random bytes; `None` for the few that would make low codes likelier.
pub fn from_bytes(bytes: [u8; 4]) -> Option<String> {
    const CODES: u32 = 1_000_000;
    let number = u32::from_le_bytes(bytes);
    (number < u32::MAX / CODES * CODES).then(|| format!("{:06}", number % CODES))
}

/// `[any]` Whether what was typed is the code; blanks do not count.
pub fn same(code: &str, typed: &str) -> bool {
    let typed: Vec<u8> = typed.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    code.as_bytes().ct_eq(&typed).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_fits_itself_only() {
        assert_eq!(from_bytes([1, 0, 0, 0]).as_deref(), Some("000001"));
        assert_eq!(from_bytes([0xff; 4]), None);
        assert!(same("000001", "000 001") && same("123456", "123456\n"));
        assert!(!same("123456", "12345") && !same("123456", "1234567") && !same("123456", ""));
    }
}
