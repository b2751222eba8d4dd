//! Which of our errors a failed call of a model is.

use crate::error::{Code, Kind};
use crate::policy::{Facts, classify};

/// The code of a failed call. What it means beyond that (whether it is retried, when) is what
/// [`classify`](crate::policy::classify()) says of the same facts, which may be more: a service may ask not to be asked again.
///
/// ```
/// use repflow::ai::failure::code_of;
/// use repflow::error::Code;
/// use repflow::policy::Facts;
///
/// assert_eq!(code_of(&Facts { status: Some(429), ..Facts::default() }), Code::AiRateLimited);
/// let billing = Facts { status: Some(429), code: Some("insufficient_quota"), ..Facts::default() };
/// assert_eq!(code_of(&billing), Code::AiExhausted);
/// ```
#[must_use]
pub fn code_of(facts: &Facts<'_>) -> Code {
    if let Some(code) = facts.code.and_then(Code::from_text) {
        return code;
    }
    let class = classify(&Facts { should_retry: None, ..*facts }, &[]);
    if class.kind == Kind::Unavailable && !class.retryable {
        return Code::AiNotFound;
    }
    BY_KIND[class.kind as usize]
}

/// In the order of [`Kind::ALL`].
const BY_KIND: [Code; 10] = [
    Code::AiBadRequest,
    Code::AiUnauthorized,
    Code::AiTimeout,
    Code::PolicyCancelled,
    Code::AiRateLimited,
    Code::AiExhausted,
    Code::AiConnection,
    Code::AiUnavailable,
    Code::AiFailed,
    Code::AiFailed,
];
