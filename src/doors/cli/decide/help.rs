//! What `trao decide --help` teaches.

/// Of all decisions.
pub const ALL: &str = "\
A dossier's agency decides, or the counter that receives for it. What the dossier's state does not
allow is refused DOSSIER_STATE with a sentence that says why: `trao status` shows where it stands.

From the papers to the result:
  trao decide accept RA990000010VN H99.14-261120-0001 --due 27/11/2026
  trao decide supplement H99.14-261120-0001 --carrier p --due 04/12/2026 --reason incomplete-papers
  trao decide due H99.14-261120-0001 --due 10/12/2026
  trao decide announce H99.14-261120-0001 --carrier p --fee 60000 --must-be-owner
  trao decide close H99.14-261120-0001 --by-post

With --json one object:
  {\"type\":\"RESULT_ANNOUNCED\",\"request_id\",\"position\",\"replayed\",\"leg\",\"dossier\",\"legs\",
   \"anomalies\",\"record_sha256\"}
leg is the one that the decision opened, or null; dossier and legs are those of `trao status`.

A decision counts once. To repeat one whose answer was lost, give the same --id and the rest as
before. Many results at once: `trao import results FILE`.

Exit code 0 when it is decided, also with anomalies, which are printed; 1 refused or not found; 2 for
a wrong command line; 3 when the gateway does not answer.";

/// Of an acceptance.
pub const ACCEPT: &str = "\
You must hold the papers already (else LEG_STATE): `trao scan … --type accepted` says that you do.
Accepting moves nothing; it gives them their dossier. Further papers are accepted in the same way
under the code that the dossier has, and end the wait for them.

Examples:
  trao decide accept RA990000010VN H99.14-261120-0001 --due 27/11/2026
  trao decide accept slip:000123 0001/2026 --agency H99.14 --due \"27/11/2026 17:00\"
  trao decide accept legs/0-12 H99.14-261120-0001";

/// Of a request for papers.
pub const SUPPLEMENT: &str = "\
With --carrier a leg is opened for the papers, and the carrier fetches them; without, the citizen
brings them to the counter: then `trao decide due` says that they came, and when the result is due.

Examples:
  trao decide supplement H99.14-261120-0001 --reason incomplete-papers --due 04/12/2026
  trao decide supplement H99.14-261120-0001 --carrier p --office 991230 --reason incomplete-papers";

/// Of what gives papers back.
pub const GIVE_BACK: &str = "\
With --carrier the papers go back to the citizen on a leg of their own; whoever holds them gives them
to the carrier. Without, they are fetched, or never came.

refuse is for what was not accepted, stop for what was; withdraw is the citizen's wish. refuse also
takes an envelope that has no dossier: its leg, item or slip.

Examples:
  trao decide refuse legs/0-12 --carrier p --reason wrong-agency
  trao decide withdraw H99.14-261120-0001 --reason withdrawn-by-sender
  trao decide stop H99.14-261120-0001 --carrier p --office 991230 --reason other";

/// Of a new date.
pub const DUE: &str = "\
Once for a dossier that was accepted. While papers are awaited it says that they came to the counter,
and is no new appointment.

Example:
  trao decide due H99.14-261120-0001 --due 10/12/2026 --reason other";

/// Of an announcement.
pub const ANNOUNCE: &str = "\
With --agency the dossier is named by that agency and its code, and registered where it is not known
yet: register, announce and order in one. Only the agency itself may. Without, it must be known.

With --carrier its way to the citizen is ordered; without, the citizen fetches it. Agency fee and
postage are never in one sum: each is collected, and told, for itself.

Examples:
  trao decide announce H99.14-261120-0001
  trao decide announce H99.14-261120-0001 --carrier p --item RA990000010VN --fee 60000 --postage 26000
  trao decide announce H99.14-261120-0007 --agency H99.14 --procedure 1.004194 --counter H99.01
  trao decide announce 0001/2026 --agency H99.14 --carrier p --must-be-owner --take-back 1";

/// Of a closing.
pub const CLOSE: &str = "\
By post only once it was delivered; at the counter only while no carrier has it. `trao status` says
when nothing but this is missing. A delivery that is revoked later opens the dossier again.

Examples:
  trao decide close H99.14-261120-0001 --by-post
  trao decide close H99.14-261120-0001 --collected";

/// Of a link.
pub const LINK: &str = "\
You must see the other dossier, as the receiver of a TRANSFER sees it. Its agency sees of yours from
then on where it stands, who has its papers and when it is due, and nothing else.

Example:
  trao decide link H99.14-261120-0001 --parent H99.17-261101-0009";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Args;
    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_examples_are_read_as_they_stand() {
        let mut read = 0;
        for line in [ALL, ACCEPT, SUPPLEMENT, GIVE_BACK, DUE, ANNOUNCE, CLOSE, LINK]
            .iter()
            .flat_map(|text| text.lines())
        {
            let Some(words) = line.strip_prefix("  trao decide ") else { continue };
            let words = words.replace("\"27/11/2026 17:00\"", "27/11/2026T17:00");
            let line = std::iter::once("decide").chain(words.split(' '));
            Line::try_parse_from(line).unwrap_or_else(|error| panic!("{words}: {error}"));
            read += 1;
        }
        assert_eq!(read, 21);
    }
}
