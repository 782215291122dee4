//! Valid codes of the invented province, as many as a test wants.

/// A valid item number (UPU S10).
pub fn item(serial: u64) -> String {
    let digits = format!("{serial:08}");
    let weights = [8, 6, 4, 2, 3, 5, 9, 7];
    let weighted: u64 = digits.bytes().zip(weights).map(|(d, w)| u64::from(d - b'0') * w).sum();
    let check = match 11 - weighted % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("RA{digits}{check}VN")
}

/// The same number with a check digit that is wrong.
pub fn item_with_wrong_check_digit(serial: u64) -> String {
    let right = item(serial);
    let wrong = char::from(b'0' + (right.as_bytes()[10] - b'0' + 1) % 10);
    format!("{}{wrong}VN", &right[..10])
}

/// A bag label (UPU S9) from one post office to another.
pub fn bag(dispatch: u64) -> String {
    format!("990100990140AUA6{dispatch:04}001110031")
}

/// A dossier's code of the department.
pub fn dossier(seq: u64) -> String {
    format!("H99.14-261120-{seq:04}")
}
