-- Search texts that were written in lower case, as src/contract/search-text.ts folds them now: letters that fold
-- into others, and characters that nobody sees. Rows of ASCII alone are the same in both.
UPDATE `adapters` SET `search_text` = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(`search_text`, 'ς', 'σ'), 'ß', 'ss'), 'µ', 'μ'), 'ı', 'i'), 'ŉ', 'ʼn'), 'ſ', 's'), 'և', 'եւ'), 'ﬀ', 'ff'), 'ﬁ', 'fi'), 'ﬂ', 'fl'), 'ﬃ', 'ffi'), 'ﬄ', 'ffl'), 'ﬅ', 'st'), 'ﬆ', 'st'), 'ϐ', 'β'), 'ϑ', 'θ'), 'ϕ', 'φ'), 'ϖ', 'π'), 'ϰ', 'κ'), 'ϱ', 'ρ'), 'ϵ', 'ε')
WHERE length(CAST(`search_text` AS blob)) <> length(`search_text`);
--> statement-breakpoint
UPDATE `adapters` SET `search_text` = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(`search_text`, char(173), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8234), ''), char(8235), ''), char(8236), ''), char(8237), ''), char(8238), ''), char(8288), ''), char(8294), ''), char(8295), ''), char(8296), ''), char(8297), ''), char(65039), ''), char(65279), '')
WHERE length(CAST(`search_text` AS blob)) <> length(`search_text`);
