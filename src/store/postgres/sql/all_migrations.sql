-- Called when a store is opened or migrated.
SELECT number, sha256 FROM migration ORDER BY number
