-- An index of three-letter pieces for searches within descriptions, which src/store/search-index.ts asks.
-- Its rows are moments: the number of a row is `created_at`, its text that of every adapter made in that
-- millisecond. So the index is in the order of the list, and a page of a search that finds much reads only
-- as many moments as it shows. It answers which moments may have what is sought; whoever asks looks.
-- It holds no text (`content=''`) and no places within one (`detail=none`), and letters are folded already.
CREATE VIRTUAL TABLE `adapters_search` USING fts5(`text`, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
--> statement-breakpoint
INSERT INTO `adapters_search` (`rowid`, `text`)
SELECT `created_at`, group_concat(`search_text`, char(10)) FROM `adapters` WHERE `search_text` IS NOT NULL GROUP BY `created_at`;
--> statement-breakpoint
CREATE TRIGGER `adapters_search_insert` AFTER INSERT ON `adapters` WHEN new.`search_text` IS NOT NULL
BEGIN
  DELETE FROM `adapters_search` WHERE `rowid` = new.`created_at`;
  INSERT INTO `adapters_search` (`rowid`, `text`)
  SELECT `created_at`, group_concat(`search_text`, char(10)) FROM `adapters` WHERE `created_at` = new.`created_at` AND `search_text` IS NOT NULL GROUP BY `created_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `adapters_search_delete` AFTER DELETE ON `adapters` WHEN old.`search_text` IS NOT NULL
BEGIN
  DELETE FROM `adapters_search` WHERE `rowid` = old.`created_at`;
  INSERT INTO `adapters_search` (`rowid`, `text`)
  SELECT `created_at`, group_concat(`search_text`, char(10)) FROM `adapters` WHERE `created_at` = old.`created_at` AND `search_text` IS NOT NULL GROUP BY `created_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `adapters_search_update` AFTER UPDATE OF `created_at`, `search_text` ON `adapters`
BEGIN
  DELETE FROM `adapters_search` WHERE `rowid` IN (old.`created_at`, new.`created_at`);
  INSERT INTO `adapters_search` (`rowid`, `text`)
  SELECT `created_at`, group_concat(`search_text`, char(10)) FROM `adapters` WHERE `created_at` IN (old.`created_at`, new.`created_at`) AND `search_text` IS NOT NULL GROUP BY `created_at`;
END;
