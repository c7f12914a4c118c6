//! The part of a configuration that says how to speak OTLP.

use std::time::Duration;

use super::settings::common_fields;
use super::structs::*;
use super::types::*;
use crate::otlp::config::{self, OtlpConfig};
use crate::otlp::encode::{Encoding, Signal};
use crate::status::{Error, Result, Status};

common_fields!(
    /// How OTLP is spoken.
    GivenOtlp {
        protocol: i32,
        otlp_url: maxim_str,
        otlp_headers: maxim_str,
        otlp_encoding: i32,
        otlp_compression: i32,
        service_name: maxim_str,
        resource_attributes: maxim_str,
    }
);

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

    /// How OTLP is spoken, if it is: `base` is what the configuration gives as its service's address.
    pub(super) fn config(
        &self,
        signal: Signal,
        base: maxim_str,
        incomplete_after_ms: u64,
    ) -> Result<Option<OtlpConfig>> {
        if !self.is_chosen()? {
            return Ok(None);
        }
        let given = config::Given {
            base_url: optional("base_url", base)?,
            url: optional("otlp_url", self.otlp_url)?,
            headers: optional("otlp_headers", self.otlp_headers)?,
            encoding: match self.otlp_encoding {
                MAXIM_OTLP_DEFAULT => None,
                MAXIM_OTLP_PROTOBUF => Some(Encoding::Protobuf),
                MAXIM_OTLP_JSON => Some(Encoding::Json),
                other => {
                    let reason = format!("otlp_encoding: {other} is none of MAXIM_OTLP_…");
                    return Err(Error::new(Status::InvalidArgument, reason));
                }
            },
            compression: match self.otlp_compression {
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
            incomplete_after: (incomplete_after_ms != 0).then(|| Duration::from_millis(incomplete_after_ms)),
        };
        config::resolve(signal, &given).map(Some)
    }
}
