//! What the read models of this context share.

use domain::kernel::fold;

use crate::runtime::Rows;

/// The row with this id, which earlier events must have made.
pub(super) fn existing<'a, R: Clone>(rows: &'a mut Rows<'_, R>, id: &str) -> Result<&'a mut R, String> {
    rows.get_mut(id).ok_or_else(|| format!("there is no row `{id}`"))
}

/// The words that a row is found by, folded and separated by single spaces.
pub(super) fn words<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    fold(&texts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        assert_eq!(words([Some("Ada  LOVELACE"), None, Some("Größe")]), "ada lovelace größe");
    }
}
