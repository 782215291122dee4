-- Called for a day of the calendar.
INSERT INTO calendar_day (day, works, title) VALUES (?1, ?2, ?3)
ON CONFLICT (day) DO UPDATE SET works = excluded.works, title = excluded.title
