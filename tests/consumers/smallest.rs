//! Rust, through what bindgen makes of the header.
#![allow(non_upper_case_globals, non_camel_case_types, non_snake_case, dead_code, improper_ctypes)]

mod maxim {
    include!(env!("MAXIM_BINDGEN"));
}

use maxim::*;

fn text(s: &str) -> maxim_str {
    maxim_str { data: s.as_ptr().cast(), len: s.len() as _ }
}

fn check(status: maxim_status) {
    if status != MAXIM_OK as maxim_status {
        let detail = unsafe { std::ffi::CStr::from_ptr(maxim_last_error()) };
        panic!("{detail:?}");
    }
}

fn main() {
    let url = std::env::var("MAXIM_BASE_URL").unwrap();
    unsafe {
        let mut config: maxim_logger_config = std::mem::zeroed();
        check(maxim_logger_config_init(&mut config, std::mem::size_of_val(&config) as _));
        assert!(config.auto_flush && config.flush_interval_ms == 10_000);
        config.api_key = text("key");
        config.repository_id = text("consumers");
        config.base_url = text(&url);
        let mut logger = std::ptr::null_mut();
        let mut id: maxim_id = std::mem::zeroed();
        check(maxim_logger_new(&config, &mut logger));
        check(maxim_trace_create(logger, std::ptr::null(), &mut id));
        check(maxim_trace_end(logger, maxim_str { data: id.text.as_ptr(), len: usize::MAX as _ }));
        check(maxim_cleanup(logger, 10_000));
        check(maxim_logger_free(logger));
    }
}
