CREATE TABLE `layouts` (
	`tag` text PRIMARY KEY NOT NULL,
	`adapter_id` text NOT NULL,
	`sha256` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `layouts_by_adapter` ON `layouts` (`adapter_id`);