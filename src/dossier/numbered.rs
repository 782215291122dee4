//! Enums whose numbers are on the wire and in the record.

/// Declares an enum whose numbers are on the wire and in the record: they are never reused or renumbered.
macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $number:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $number,)* }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The number on the wire and in the record.
            pub const fn number(self) -> u8 { self as u8 }

            /// The value of a number, or `None` for a number this release does not know.
            pub const fn from_number(number: i32) -> Option<$name> {
                match number { $($number => Some($name::$variant),)* _ => None }
            }

            /// The name on the wire without its prefix, e.g. `PICKED_UP`.
            pub const fn text(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value of a name as `text` gives it; `picked-up` and `picked_up` are read too.
            pub fn from_text(text: &str) -> Option<$name> {
                let wanted = text.trim().replace('-', "_").to_ascii_uppercase();
                $name::ALL.iter().copied().find(|value| value.text() == wanted)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_u8(self.number())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let number = <u8 as serde::Deserialize>::deserialize(from)?;
                let unknown = || serde::de::Error::custom(concat!("unknown number of ", stringify!($name)));
                $name::from_number(number.into()).ok_or_else(unknown)
            }
        }
    };
}
pub(crate) use numbered;
