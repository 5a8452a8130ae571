"""Device drivers: a folder for each device, holding its registers and one unprivileged driver component."""
