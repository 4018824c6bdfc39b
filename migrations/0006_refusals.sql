CREATE TABLE `refusals` (
	`key` text PRIMARY KEY NOT NULL,
	`refused_at` integer NOT NULL
);
