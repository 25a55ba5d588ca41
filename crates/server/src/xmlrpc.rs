//! XML-RPC as a wire format: calls in, values and faults out.

mod read;
mod write;

pub(crate) use read::{Call, CallError, read_call};
pub(crate) use write::{fault, response};

/// A value of XML-RPC, as far as anybody sends or gets one here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `int`, `i4` and `i8`.
    Int(i64),
    /// `boolean`.
    Bool(bool),
    /// `string`, and text without a type.
    Text(String),
    /// `array`.
    Array(Vec<Value>),
    /// `struct`, in the order in which it came.
    Struct(Vec<(String, Value)>),
    /// `nil`.
    Nil,
}
