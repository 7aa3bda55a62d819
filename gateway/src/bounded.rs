//! Pages that are bounded in bytes as well as in rows: a row may be large, and a page of a thousand large rows is not to be held in memory.

/// The rows of a statement in their order, for as long as those before them have fewer than `bytes_max` bytes in `column`; one row at
/// least.
pub fn by_bytes(statement: &str, column: &str, bytes_max: usize) -> String {
    format!(
        "SELECT p.* FROM (SELECT q.*, sum(octet_length(q.{column})) OVER (ROWS UNBOUNDED PRECEDING) - octet_length(q.{column}) AS bytes_before \
         FROM ({statement}) q) p WHERE p.bytes_before < {bytes_max}"
    )
}

/// Whether a page of rows of these lengths may have been cut short.
pub fn is_cut(lengths: impl Iterator<Item = usize>, bytes_max: usize) -> bool {
    lengths.sum::<usize>() >= bytes_max
}
