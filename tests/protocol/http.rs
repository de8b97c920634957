//! Endpoints that scripts add.

use super::rig::Rig;

#[test]
fn each_form_of_an_answer_is_sent_as_what_it_is() {
    let (_folder, mut rig) = Rig::of(
        "local bridge = require 'bridge'
         bridge.http:get('/text', { public = true, run = function(r) return r.method .. r.path .. r.query.a .. r.body end })
         bridge.http:get('/json', function() return { a = 1, list = bridge.list() } end)
         bridge.http:get('/html', function() return { status = 201, html = '<p>' } end)
         bridge.http:post('/none', function() end)
         bridge.http:get('/gone', function() return { status = 404 } end)
         bridge.http:get('/wrong', function() return { status = 9999, text = '' } end)
         bridge.http:get('/fault', function() error(bridge.fault('OUT_OF_RANGE', 'no')) end)
         bridge.http:get('/broken', function() error('oh') end)
         bridge.http:get('/large', function() return ('x'):rep(5 * 2^20) end)
         bridge.http:get('/slow', function() bridge.sleep(0.01) return 'slept' end)
         bridge.http:get('/text2', function() return 'old' end)
         bridge.http:get('/text2', function() return 'new' end)",
    );
    let served = &rig.served[0].endpoints;
    assert_eq!(served.len(), 11);
    assert!(served.iter().any(|endpoint| endpoint.path == "/text" && endpoint.public && endpoint.method == "GET"));
    assert_eq!(served.iter().filter(|endpoint| endpoint.public).count(), 1);
    for (method, path, status, kind, body) in [
        ("GET", "/text", 200, "text/plain; charset=utf-8", "GET/text1body"),
        ("GET", "/json", 200, "application/json", r#"{"a":1,"list":[]}"#),
        ("GET", "/html", 201, "text/html; charset=utf-8", "<p>"),
        ("POST", "/none", 204, "text/plain; charset=utf-8", ""),
        ("GET", "/none", 404, "text/plain; charset=utf-8", "there is nothing here"),
        ("GET", "/gone", 404, "text/plain; charset=utf-8", ""),
        ("GET", "/slow", 200, "text/plain; charset=utf-8", "slept"),
        ("GET", "/text2", 200, "text/plain; charset=utf-8", "new"),
    ] {
        let answer = rig.http(method, path);
        let text = String::from_utf8(answer.body).expect("text");
        assert_eq!((answer.status, answer.content_type.as_str(), text.as_str()), (status, kind, body), "{path}");
    }
    assert_eq!(rig.http("GET", "/fault").status, 400);
    for path in ["/wrong", "/broken", "/large"] {
        assert_eq!(rig.http("GET", path).status, 500, "{path}");
    }
}
