CREATE TABLE `activations` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`at` integer NOT NULL,
	`from_digest` text,
	`to_digest` text NOT NULL,
	`percent` integer NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE INDEX `activations_by_name` ON `activations` (`name`,`id`);--> statement-breakpoint
CREATE TABLE `yanks` (
	`digest` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`reason` text NOT NULL,
	`yanked_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `yanks_by_name` ON `yanks` (`name`);--> statement-breakpoint
ALTER TABLE `channels` ADD `canary_digest` text;--> statement-breakpoint
ALTER TABLE `channels` ADD `canary_percent` integer;