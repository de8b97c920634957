//! A text message of a client.

use crate::memory;
use serde_json::Value;
use sonic_bridge::link::RequestId;
use sonic_bridge::server::envelope;

const DEPTH: usize = 32;
const VALUES: usize = 1000;
const LARGEST: u64 = (1 << 53) - 1;

/// Whatever it says: memory in proportion to the limits, and either a request that means what any reader of JSON finds in
/// it, or a refusal that is itself a good answer.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let room = 8 * data.len() + VALUES * 512 + 4096;
    match memory::within(room, || envelope::parse(text, DEPTH, VALUES).map_err(Box::new)) {
        Ok(request) => {
            let plain: Value = serde_json::from_str(text).expect("JSON for any reader");
            assert_eq!(plain["jsonrpc"], "2.0");
            assert_eq!(plain["method"], request.method.as_str());
            assert!(!request.method.is_empty() && request.method.len() <= 64);
            let id = match &request.id {
                RequestId::Number(number) => {
                    assert!(*number <= LARGEST);
                    Value::from(*number)
                }
                RequestId::Text(text) => {
                    assert!(text.chars().count() <= 64);
                    Value::from(text.as_str())
                }
            };
            assert_eq!(plain["id"], id);
            let params = plain.get("params").cloned().unwrap_or_else(|| serde_json::json!({}));
            assert!(params.is_object() && params == request.params);
            let (depth, values) = size(&plain);
            assert!(depth <= DEPTH && values <= VALUES, "{depth} levels, {values} values");
            let answer: Value = serde_json::from_str(&envelope::result(&request.id, &request.params)).unwrap();
            assert_eq!((&answer["id"], &answer["result"]), (&id, &params));
        }
        Err(refused) => {
            let codes = if refused.undecodable { vec![-32700] } else { vec![-32600, -32602] };
            assert!(codes.contains(&refused.fault.code), "{refused:?}");
            let answer: Value = serde_json::from_str(&envelope::error(refused.id.as_ref(), &refused.fault)).unwrap();
            assert_eq!(answer["error"]["code"], refused.fault.code);
            assert!(answer.to_string().len() < 2000, "{answer}");
            // What no reader understands names no id.
            if refused.undecodable {
                assert!(answer["id"].is_null());
            }
        }
    }
}

/// Levels and values.
fn size(value: &Value) -> (usize, usize) {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return (0, 1),
    };
    let sizes = inside.into_iter().map(size);
    sizes.fold((1, 1), |(depth, values), (deeper, more)| (depth.max(deeper + 1), values + more))
}
