-- Called when the directory is read. Whole table; of one person by first day.
SELECT party, person, role, place, valid_from, valid_to, acts_for, decision, substitute
FROM appointment ORDER BY party, person, valid_from, role, place
