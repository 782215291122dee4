//! Owns: the record's layout, leaf hashes, the Merkle frontier, signed heads.
