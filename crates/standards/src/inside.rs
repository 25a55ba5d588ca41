//! What members of a distribution say, for somebody who looks at them: any bytes as text, and the
//! files that describe a wheel as fields and rows.

pub mod entry_points;
pub mod fields;
pub mod record;
pub mod text;
