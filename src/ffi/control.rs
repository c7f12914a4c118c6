//! The part of a configuration that says what may leave, and the host's mask.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::callbacks::Callbacks;
use super::settings::{common_fields, given_or_env};
use super::structs::*;
use super::types::*;
use crate::control::{ControlConfig, DEFAULT_BUDGET, Mask, Masked, Rules};
use crate::status::{Error, Result, Status};

common_fields!(
    /// What leaves.
    GivenControl {
        capture_content: i32,
        masks_json: maxim_str,
        mask_callback: maxim_mask_callback,
        mask_budget_us: u32,
        max_field_bytes: u64,
    }
);

impl GivenControl {
    /// What the configuration and the environment ask for.
    pub(super) fn config(self, callbacks: &Arc<Callbacks>) -> Result<ControlConfig> {
        let mask = self.mask_callback.map(|callback| {
            let mask: Arc<dyn Mask> = Arc::new(HostMask { callback, callbacks: Arc::clone(callbacks) });
            mask
        });
        Ok(ControlConfig {
            capture_content: switch(
                "capture_content",
                self.capture_content,
                Some("MAXIM_CAPTURE_CONTENT"),
                true,
            )?,
            rules: rules(self.masks_json)?,
            mask,
            budget: match self.mask_budget_us {
                0 => DEFAULT_BUDGET,
                us => Duration::from_micros(us.into()),
            },
            max_field_bytes: (self.max_field_bytes != 0)
                .then(|| usize::try_from(self.max_field_bytes).unwrap_or(usize::MAX)),
        })
    }

    /// Refuses a sink's, which would be ignored: what its logger is told holds for it.
    pub(super) fn refuse_for_a_sink(&self) -> Result<()> {
        let fields = [
            ("capture_content", self.capture_content != MAXIM_SWITCH_DEFAULT),
            ("masks_json", !self.masks_json.data.is_null()),
            ("mask_callback", self.mask_callback.is_some()),
            ("max_field_bytes", self.max_field_bytes != 0),
        ];
        match fields.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((name, _)) => Err(for_the_logger(name)),
        }
    }
}

/// The refusal of a sink's field that only a logger has.
pub(super) fn for_the_logger(name: &str) -> Error {
    let reason = format!("{name}: give it to the logger; what leaves its sinks is what leaves itself");
    Error::new(Status::InvalidArgument, reason)
}

/// Whether a configuration or the environment switches all off.
pub(super) fn is_disabled(given: CBool) -> Result<bool> {
    let switch_ = if given.get() { MAXIM_SWITCH_ON } else { MAXIM_SWITCH_DEFAULT };
    switch("disabled", switch_, Some("MAXIM_DISABLED"), false)
}

/// One of MAXIM_SWITCH_…, else what an environment variable says, else the default.
pub(super) fn switch(name: &str, given: i32, variable: Option<&str>, default: bool) -> Result<bool> {
    let refuse = |reason: String| Err(Error::new(Status::InvalidArgument, reason));
    match given {
        MAXIM_SWITCH_ON => return Ok(true),
        MAXIM_SWITCH_OFF => return Ok(false),
        MAXIM_SWITCH_DEFAULT => {}
        other => return refuse(format!("{name}: {other} is none of MAXIM_SWITCH_…")),
    }
    let Some(variable) = variable else { return Ok(default) };
    let Some(text) = given_or_env(None, variable) else { return Ok(default) };
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => Ok(true),
        "0" | "false" | "off" | "no" => Ok(false),
        _ => refuse(format!("{variable}: {text:?} is neither 0 nor 1")),
    }
}

fn rules(given: maxim_str) -> Result<Rules> {
    if let Some(text) = optional("masks_json", given)? {
        return Rules::parse("masks_json", text);
    }
    match given_or_env(None, "MAXIM_MASKS") {
        Some(text) => Rules::parse("MAXIM_MASKS", &text),
        None => Ok(Rules::default()),
    }
}

/// The share of traces that is sent.
pub(super) fn sample_rate(given: f64) -> Result<f64> {
    let (name, rate) = match given_or_env(None, "MAXIM_SAMPLE_RATE") {
        _ if given != 0.0 => ("sample_rate", Some(given)),
        None => return Ok(1.0),
        // Here, zero is said and not left out.
        Some(text) => ("MAXIM_SAMPLE_RATE", text.parse().ok()),
    };
    match rate {
        Some(rate) if rate <= 1.0 => Ok(rate),
        _ => {
            let shown = rate.map_or_else(|| "what was given".to_owned(), |rate| rate.to_string());
            let reason = format!("{name}: {shown} is not a share; give 0.5 for a half, at most 1");
            Err(Error::new(Status::InvalidArgument, reason))
        }
    }
}

/// The host's function that replaces texts.
struct HostMask {
    callback:
        unsafe extern "C" fn(*mut c_void, i32, *const c_char, *const c_char, usize, *mut maxim_str) -> i32,
    callbacks: Arc<Callbacks>,
}

impl Mask for HostMask {
    fn mask(&self, entity: i32, field: &str, text: &str) -> Masked {
        let Ok(field) = CString::new(field.replace('\0', " ")) else { return Masked::Failed };
        // Not called any more, it has not looked.
        let mut masked = Masked::Failed;
        self.callbacks.call(|| {
            let mut out = maxim_str { data: std::ptr::null(), len: 0 };
            let data = self.callbacks.user_data();
            let _strict = crate::text::lossy::Lossy::suspend();
            // SAFETY: the host gave this function for this purpose; text and field last for the call.
            let failed = unsafe {
                (self.callback)(data, entity, field.as_ptr(), text.as_ptr().cast(), text.len(), &mut out)
            };
            masked = match optional("out", out) {
                _ if failed != 0 => Masked::Failed,
                Err(_) => Masked::Failed,
                Ok(None) => Masked::Same,
                Ok(Some(text)) => Masked::Replaced(text.to_owned()),
            };
        });
        masked
    }
}
