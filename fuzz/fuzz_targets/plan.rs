//! Any file on any host: the first line is the host as JSON, the rest the file. There is a plan, or a mistake, never a panic.
#![no_main]

use launch::config::{Sources, parse};
use launch::diagnostics::{Diagnostics, decode, read};
use launch::plan::{Host, Invocation, lower_with_warnings};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes.to_vec()) else { return };
    let (host, text) = text.split_once('\n').unwrap_or(("", &text));
    let host: Host = serde_json::from_str(host).unwrap_or_default();
    let (mut sources, mut problems) = (Sources::default(), Diagnostics::default());
    let id = sources.add("container.toml", text.to_owned());
    let (tree, _) = parse(&sources, id);
    let config = read(&tree, &mut problems);
    let invocation = Invocation { default_name: "fuzz".to_owned(), base: "/".into(), ..Invocation::default() };
    let (plan, problems) = lower_with_warnings(&config, &host, &invocation);
    assert!(plan.is_some() || problems.has_errors());
    if let Some(plan) = plan {
        let _ = serde_json::to_string(&plan);
    }
});
