CREATE TABLE `adapters` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`hypernet_name` text NOT NULL,
	`hypernet_version` text NOT NULL,
	`hypernet_digest` text NOT NULL,
	`base_model` text NOT NULL,
	`description` text,
	`search_text` text,
	`embedding` blob NOT NULL,
	`precision` text NOT NULL,
	`dtype` text NOT NULL,
	`strength` real NOT NULL,
	`rank` integer NOT NULL,
	`target_modules` text NOT NULL,
	`parameters` integer NOT NULL,
	`files` text NOT NULL,
	`fit` text NOT NULL,
	`norms` text NOT NULL,
	`timings` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `adapters_by_time` ON `adapters` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `adapters_by_hypernet` ON `adapters` (`hypernet_name`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `adapters_by_base_model` ON `adapters` (`base_model`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `channels` (
	`name` text PRIMARY KEY NOT NULL,
	`active_digest` text NOT NULL,
	`previous_digest` text,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `hypernets` (
	`digest` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`version` text NOT NULL,
	`registered_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hypernets_by_version` ON `hypernets` (`name`,`version`);