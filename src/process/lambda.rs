//! Where this process runs: in AWS Lambda, or not.

/// Whether the process runs in AWS Lambda, whose environment freezes between two invocations: a
/// background thread there may sleep for minutes, so work is done while a call waits for it.
pub fn is_running_on_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some_and(|name| !name.is_empty())
}
