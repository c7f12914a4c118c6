//! The part of a configuration that says how to speak OTLP.

use std::time::Duration;

use super::structs::*;
use super::types::*;
use crate::otlp::config::{self, OtlpConfig};
use crate::otlp::encode::{Encoding, Signal};
use crate::status::{Error, Result, Status};

/// The fields of a C configuration about OTLP that both kinds have.
pub(super) struct GivenOtlp {
    pub(super) protocol: i32,
    pub(super) base: maxim_str,
    pub(super) url: maxim_str,
    pub(super) headers: maxim_str,
    pub(super) encoding: i32,
    pub(super) compression: i32,
    pub(super) service_name: maxim_str,
    pub(super) resource_attributes: maxim_str,
    pub(super) incomplete_after_ms: u64,
}

/// The [`GivenOtlp`] of a C configuration.
macro_rules! otlp_config {
    ($config:expr, $base:expr, $incomplete_after_ms:expr) => {
        $crate::ffi::otlp::GivenOtlp {
            protocol: $config.protocol,
            base: $base,
            url: $config.otlp_url,
            headers: $config.otlp_headers,
            encoding: $config.otlp_encoding,
            compression: $config.otlp_compression,
            service_name: $config.service_name,
            resource_attributes: $config.resource_attributes,
            incomplete_after_ms: $incomplete_after_ms,
        }
    };
}
pub(super) use otlp_config;

impl GivenOtlp {
    /// Whether OTLP is spoken.
    pub(super) fn is_chosen(&self) -> Result<bool> {
        match self.protocol {
            MAXIM_PROTOCOL_MAXIM => Ok(false),
            MAXIM_PROTOCOL_OTLP => Ok(true),
            other => {
                let reason = format!("protocol: {other} is none of MAXIM_PROTOCOL_…");
                Err(Error::new(Status::InvalidArgument, reason))
            }
        }
    }

    /// Whether the environment says that nothing is to be sent by OTLP.
    pub(super) fn is_disabled(&self) -> Result<bool> {
        Ok(self.is_chosen()? && config::is_disabled())
    }

    /// How OTLP is spoken, if it is.
    pub(super) fn config(&self, signal: Signal) -> Result<Option<OtlpConfig>> {
        if !self.is_chosen()? {
            return Ok(None);
        }
        let given = config::Given {
            base_url: optional("base_url", self.base)?,
            url: optional("otlp_url", self.url)?,
            headers: optional("otlp_headers", self.headers)?,
            encoding: match self.encoding {
                MAXIM_OTLP_DEFAULT => None,
                MAXIM_OTLP_PROTOBUF => Some(Encoding::Protobuf),
                MAXIM_OTLP_JSON => Some(Encoding::Json),
                other => {
                    let reason = format!("otlp_encoding: {other} is none of MAXIM_OTLP_…");
                    return Err(Error::new(Status::InvalidArgument, reason));
                }
            },
            compression: match self.compression {
                MAXIM_SWITCH_DEFAULT => None,
                MAXIM_SWITCH_ON => Some(true),
                MAXIM_SWITCH_OFF => Some(false),
                other => {
                    let reason = format!("otlp_compression: {other} is none of MAXIM_SWITCH_…");
                    return Err(Error::new(Status::InvalidArgument, reason));
                }
            },
            service_name: optional("service_name", self.service_name)?,
            resource_attributes: optional("resource_attributes", self.resource_attributes)?,
            incomplete_after: (self.incomplete_after_ms != 0)
                .then(|| Duration::from_millis(self.incomplete_after_ms)),
        };
        config::resolve(signal, &given).map(Some)
    }
}
