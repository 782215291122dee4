//! Pages of lists that are sorted by name: the token names the last resource that was given, and holds nothing that the
//! caller was not given.

use super::into;
use super::page::Binding;
use crate::dossier::refusal::Refusal;

/// Which page of which call is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    call: Binding,
    after: String,
    size: usize,
}

impl Paging {
    /// Reads the page fields of a request: `call` is the method, `filters` its other fields as they were understood.
    pub fn read(call: &str, filters: &[&str], page_size: i32, page_token: &str) -> Result<Paging, Refusal> {
        let size = into::page_size(page_size)?;
        let parts: Vec<&str> = std::iter::once(call).chain(filters.iter().copied()).collect();
        let call = Binding::of(&parts);
        let after =
            call.open(page_token)?.map(String::from_utf8).transpose().map_err(|_| Binding::invalid())?;
        let after = after.unwrap_or_default();
        Ok(Paging { call, after, size })
    }

    /// The name behind which the page begins; empty for the first.
    pub fn after(&self) -> &str {
        &self.after
    }

    /// As many items as tell whether there is a page after this one.
    pub fn enough(&self) -> usize {
        self.size + 1
    }

    /// The page of items under their names, and the token of the next one; empty at the end.
    pub fn page<T>(&self, items: impl Iterator<Item = (String, T)>) -> (Vec<T>, String) {
        let mut rest: Vec<(String, T)> = items.filter(|(name, _)| *name > self.after).collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        let is_last = rest.len() <= self.size;
        rest.truncate(self.size);
        let next = match rest.last() {
            Some((name, _)) if !is_last => self.call.seal(name.as_bytes()),
            _ => String::new(),
        };
        (rest.into_iter().map(|(_, item)| item).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::refusal::Reason;

    fn names(count: usize) -> Vec<(String, usize)> {
        // Not in order: what is listed need not be kept by name.
        (0..count).rev().map(|n| (format!("carriers/c{n:03}"), n)).collect()
    }

    #[test]
    fn pages_hold_everything_once_in_order() {
        for (count, size) in [(0, 3), (1, 3), (3, 3), (4, 3), (10, 1)] {
            let (mut all, mut token) = (Vec::new(), String::new());
            loop {
                let paging = Paging::read("ListCarriers", &["x"], size, &token).unwrap();
                let (page, next) = paging.page(names(count).into_iter());
                assert!(page.len() <= size as usize);
                all.extend(page);
                if next.is_empty() {
                    break;
                }
                token = next;
            }
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_call_and_filters_only_and_only_whole() {
        let (_, token) = Paging::read("ListOffices", &["a", "b"], 1, "").unwrap().page(names(2).into_iter());
        assert!(Paging::read("ListOffices", &["a", "b"], 5, &token).is_ok());
        let refused = |call: &str, filters: &[&str], token: &str| {
            let refusal = Paging::read(call, filters, 1, token).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::CursorInvalid, "page_token"));
        };
        refused("ListCarriers", &["a", "b"], &token);
        refused("ListOffices", &["a", "c"], &token);
        refused("ListOffices", &["ab", ""], &token);
        refused("ListOffices", &["a", "b"], "not a token");
        let bytes = hex::decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            refused("ListOffices", &["a", "b"], &hex::encode(damaged));
        }
    }

    #[test]
    fn a_page_size_out_of_range_is_refused() {
        for size in [-1, 1_001, i32::MAX] {
            assert_eq!(Paging::read("x", &[], size, "").unwrap_err().reason, Reason::PageSize);
        }
    }
}
