CREATE TABLE `quotas` (
	`who` text NOT NULL,
	`day` text NOT NULL,
	`made` integer NOT NULL,
	PRIMARY KEY(`who`, `day`)
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`daily_adapters` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE TABLE `uses` (
	`adapter_id` text PRIMARY KEY NOT NULL,
	`made_by` text NOT NULL,
	`bytes` integer NOT NULL,
	`used_on` text NOT NULL,
	`read` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `uses_by_day` ON `uses` (`used_on`,`adapter_id`,`bytes`);
--> statement-breakpoint
-- What is there already counts for the budget, and never expires: nobody knows whether it was read.
INSERT INTO `uses` SELECT `id`, 'anonymous', (SELECT coalesce(sum(value ->> 'bytes'), 0) FROM json_each(`files`)), date(`created_at` / 1000, 'unixepoch'), 1 FROM `adapters`;
