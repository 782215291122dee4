//! The dossier code (mã hồ sơ): `<agency>-<YYMMDD>-<number>`, the number restarting every day; anything else an
//! agency gives is opaque and its own.

use super::{Unreadable, agency_code, mask};

/// The parts of a dossier code (Decision 20/2020/QĐ-TTg; QCVN 102:2016/BTTTT for the old agency codes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierParts {
    /// The code of the agency that made it, old or new.
    pub agency_code: String,
    /// The year of the local day on which it was made.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
    /// The number on that day, with its leading zeros.
    pub seq: String,
}

/// The parts, or `None` for a text that does not even begin like such a code and may therefore be an agency's own.
/// One that begins like it and goes wrong is refused: it is far more often a spoilt scan than somebody's own number.
pub(super) fn parse(text: &str) -> Result<Option<DossierParts>, Unreadable> {
    match split(text) {
        Some((agency_code, ymd, seq)) => {
            let (year, month, day) = date(ymd).ok_or(Unreadable::DateImpossible)?;
            let parts = DossierParts { agency_code: agency_code.into(), year, month, day, seq: seq.into() };
            Ok(Some(parts))
        }
        None if agency_code::starts_like(text) => Err(Unreadable::AgencyLike),
        None => Ok(None),
    }
}

fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (head, seq) = text.rsplit_once('-')?;
    let (agency, ymd) = head.rsplit_once('-')?;
    let shaped = issues_dossiers(agency) && mask::digits(ymd, 6..=6) && mask::digits(seq, 3..=8);
    shaped.then_some((agency, ymd, seq))
}

/// The old codes of dossiers seen end in a province (H), a ministry (G) or another central body (D, K, T).
fn issues_dossiers(agency: &str) -> bool {
    let top = agency.rsplit('.').next().unwrap_or_default();
    agency_code::is_new(agency) || (agency_code::is_old(agency) && top.starts_with(['H', 'G', 'D', 'K', 'T']))
}

/// `YYMMDD` of this century, if the calendar has that day.
fn date(ymd: &str) -> Option<(i16, u8, u8)> {
    let year = 2000 + ymd.get(0..2)?.parse::<i16>().ok()?;
    let (month, day) = (ymd.get(2..4)?.parse().ok()?, ymd.get(4..6)?.parse().ok()?);
    jiff::civil::Date::new(year, month, day).ok()?;
    Some((year, month.unsigned_abs(), day.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_codes_fall_into_their_parts() {
        for (text, agency, (year, month, day), seq) in [
            ("000.00.06.H56-231027-0361", "000.00.06.H56", (2023, 10, 27), "0361"),
            ("000.17.22.H56-210531-0001", "000.17.22.H56", (2021, 5, 31), "0001"),
            ("H56.14-240823-0001", "H56.14", (2024, 8, 23), "0001"),
            ("000.00.01.H26-260930-0012", "000.00.01.H26", (2026, 9, 30), "0012"),
            ("000.A0.01.H26-210212-9090", "000.A0.01.H26", (2021, 2, 12), "9090"),
            ("H56-240229-123", "H56", (2024, 2, 29), "123"),
        ] {
            let expected = DossierParts { agency_code: agency.into(), year, month, day, seq: seq.into() };
            assert_eq!(parse(text), Ok(Some(expected)), "{text}");
        }
    }

    #[test]
    fn a_code_that_goes_wrong_after_its_agency_is_refused() {
        for (text, why) in [
            ("000.00.06.H56-231327-0361", Unreadable::DateImpossible),
            ("H56.14-240230-0001", Unreadable::DateImpossible),
            ("H56.14-230229-0001", Unreadable::DateImpossible),
            ("H56.14-240800-0001", Unreadable::DateImpossible),
            ("H56-14-240823-0001", Unreadable::AgencyLike),
            ("000.00.06.H56_231027_0361", Unreadable::AgencyLike),
            ("000.00.06.X56-231027-0361", Unreadable::AgencyLike),
            ("H56.14-240823-01", Unreadable::AgencyLike),
            ("H56.14-240823-123456789", Unreadable::AgencyLike),
            ("H56.14-240823-0001-", Unreadable::AgencyLike),
            ("H56.14", Unreadable::AgencyLike),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn anything_else_may_be_an_agencys_own() {
        for text in
            ["03706/2026/07906", "DVC-2024-000123__8F2K", "C06/2024/0001", "1.004194", "EB125966888VN"]
        {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }
}
