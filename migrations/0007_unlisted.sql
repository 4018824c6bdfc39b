DROP INDEX `adapters_by_hypernet`;--> statement-breakpoint
DROP INDEX `adapters_by_base_model`;--> statement-breakpoint
ALTER TABLE `adapters` ADD `unlisted_text` text;--> statement-breakpoint
ALTER TABLE `adapters` ADD `unlisted` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `adapters_by_listing` ON `adapters` (`unlisted`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `adapters_by_hypernet` ON `adapters` (`unlisted`,`hypernet_name`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `adapters_by_base_model` ON `adapters` (`unlisted`,`base_model`,`created_at`,`id`);