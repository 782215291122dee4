-- Called before a source is entered. Key of source's name.
SELECT id, party FROM source WHERE name = $1
