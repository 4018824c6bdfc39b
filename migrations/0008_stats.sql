CREATE TABLE `outcomes` (
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`key` text NOT NULL,
	`failed` integer NOT NULL,
	PRIMARY KEY(`name`, `digest`, `key`)
);
--> statement-breakpoint
CREATE TABLE `stats` (
	`day` text NOT NULL,
	`what` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`day`, `what`)
);
