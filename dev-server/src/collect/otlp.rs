//! Requests of the OpenTelemetry protocol over HTTP: a body in protobuf or JSON, gzip or not, as [`otlp`] units.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1 as logs;
use opentelemetry_proto::tonic::collector::trace::v1 as trace;
use prost::Message as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::collect::http::{Head, Response};
use crate::model::otlp::{self, Signal};
use crate::otlp::proto::{Field, fields};

/// Largest body after decompression.
const MAX_INFLATED_BYTES: u64 = 64 << 20;
const PROTOBUF: &str = "application/x-protobuf";

pub fn is_protobuf(head: &Head) -> bool {
    head.header("content-type")
        .is_some_and(|given| given.split(';').next().unwrap_or_default().trim() == PROTOBUF)
}

/// Whether a body for `/v1/logs` is one of OpenTelemetry rather than of the structured log API.
pub fn is_logs(head: &Head, body: &[u8]) -> bool {
    const START: usize = 256;
    is_protobuf(head) || memchr::memmem::find(&body[..body.len().min(START)], b"\"resourceLogs\"").is_some()
}

/// The body without its compression; `None` where it has none.
pub fn inflated(head: &Head, body: &[u8]) -> Result<Option<Vec<u8>>, Response> {
    match head.header("content-encoding").map(str::trim) {
        None | Some("" | "identity") => Ok(None),
        Some(encoding) if encoding.eq_ignore_ascii_case("gzip") => {
            let mut text = Vec::new();
            let mut bounded = MultiGzDecoder::new(body).take(MAX_INFLATED_BYTES + 1);
            bounded
                .read_to_end(&mut text)
                .map_err(|error| Response::error(400, &format!("the body is not gzip: {error}")))?;
            if text.len() as u64 > MAX_INFLATED_BYTES {
                return Err(Response::error(413, "the body is larger than this server takes"));
            }
            Ok(Some(text))
        }
        Some(_) => Err(Response::error(415, "a body is gzip or not compressed")),
    }
}

/// The units of a request.
pub fn decode(signal: Signal, head: &Head, body: &[u8]) -> Result<Vec<Value>, Response> {
    let bad = |error: &dyn std::fmt::Display| Response::error(400, &format!("the body is not OTLP: {error}"));
    let request = if is_protobuf(head) {
        match signal {
            Signal::Spans => trace::ExportTraceServiceRequest::decode(body).map(serde_json::to_value),
            Signal::Logs => logs::ExportLogsServiceRequest::decode(body).map(serde_json::to_value),
        }
        .map_err(|error| bad(&error))?
    } else {
        serde_json::from_slice(body)
    };
    let request: Value = request.map_err(|error| bad(&error))?;
    if request.as_object().is_some_and(|members| members.is_empty()) {
        return Ok(Vec::new());
    }
    otlp::units(&request, signal).ok_or_else(|| bad(&"it has no resources"))
}

/// How many spans or records a request in protobuf has, those without usable ids of their own, and why those are none:
/// for a server that only counts.
pub fn counted(signal: Signal, body: &[u8]) -> Result<(u64, u64, &'static str), Response> {
    const NO_TRACE: &str = "a traceId is not 16 bytes other than zero";
    const NO_SPAN: &str = "a spanId is not 8 bytes other than zero";
    /// What is told of one span.
    fn problem(span: &[u8]) -> Option<Option<&'static str>> {
        let is_id = |id: &[u8], len: usize| id.len() == len && id.iter().any(|byte| *byte != 0);
        let (mut trace, mut own) = (false, false);
        // Usually the first two.
        for field in fields(span) {
            match field? {
                (1, Field::Bytes(id)) => trace = is_id(id, 16),
                (2, Field::Bytes(id)) => own = is_id(id, 8),
                _ => {}
            }
            if trace && own {
                return Some(None);
            }
        }
        Some(Some(if trace { NO_SPAN } else { NO_TRACE }))
    }
    let count = || {
        let (mut taken, mut rejected, mut why) = (0, 0, "");
        for resource in fields(body) {
            let (1, Field::Bytes(resource)) = resource? else { continue };
            for scope in fields(resource) {
                let (2, Field::Bytes(scope)) = scope? else { continue };
                for item in fields(scope) {
                    let (2, Field::Bytes(item)) = item? else { continue };
                    match if signal == Signal::Spans { problem(item)? } else { None } {
                        None => taken += 1,
                        Some(problem) => {
                            rejected += 1;
                            why = problem;
                        }
                    }
                }
            }
        }
        Some((taken, rejected, why))
    };
    count().ok_or_else(|| Response::error(400, "the body is not OTLP: it is no protobuf"))
}

/// A request as it is forwarded: in protobuf, and how many items it has.
pub fn encoded(signal: Signal, head: &Head, body: &[u8]) -> Result<(u64, Vec<u8>), Response> {
    fn read<M: prost::Message + Default + DeserializeOwned>(head: &Head, body: &[u8]) -> Result<M, Response> {
        let bad =
            |error: &dyn std::fmt::Display| Response::error(400, &format!("the body is not OTLP: {error}"));
        if is_protobuf(head) {
            return M::decode(body).map_err(|error| bad(&error));
        }
        serde_json::from_slice(body).map_err(|error| bad(&error))
    }
    Ok(match signal {
        Signal::Spans => {
            let request: trace::ExportTraceServiceRequest = read(head, body)?;
            let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
            (scopes.map(|scope| scope.spans.len() as u64).sum(), request.encode_to_vec())
        }
        Signal::Logs => {
            let request: logs::ExportLogsServiceRequest = read(head, body)?;
            let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
            (scopes.map(|scope| scope.log_records.len() as u64).sum(), request.encode_to_vec())
        }
    })
}

/// The answer: whole success, or how many items were not taken and why.
pub fn answer(signal: Signal, head: &Head, rejected: u64, why: &str) -> Response {
    if !is_protobuf(head) {
        let member = if signal == Signal::Spans { "rejectedSpans" } else { "rejectedLogRecords" };
        let partial = json!({"partialSuccess": {member: rejected.to_string(), "errorMessage": why}});
        return Response::json(200, &if rejected > 0 { partial } else { json!({}) });
    }
    let count = i64::try_from(rejected).unwrap_or(i64::MAX);
    let error_message = why.to_owned();
    let body = match signal {
        Signal::Spans => trace::ExportTraceServiceResponse {
            partial_success: (rejected > 0)
                .then_some(trace::ExportTracePartialSuccess { rejected_spans: count, error_message }),
        }
        .encode_to_vec(),
        Signal::Logs => logs::ExportLogsServiceResponse {
            partial_success: (rejected > 0)
                .then_some(logs::ExportLogsPartialSuccess { rejected_log_records: count, error_message }),
        }
        .encode_to_vec(),
    };
    let mut response = Response::text(200, String::new());
    response.content_type = PROTOBUF;
    response.body = body;
    response
}
