package main

import (
	"rostrum/cmd/rostrum/app"
	"rostrum/cmd/rostrum/config"
	"rostrum/cmd/rostrum/load"
	"rostrum/cmd/rostrum/room"
	"rostrum/cmd/rostrum/setup"
)

// verbs are what the program can be asked to do.
type verbs struct {
	Dev    app.Dev       `cmd:"" help:"Run every role in this process on embedded stores, with a demo room already talking."`
	Run    app.Run       `cmd:"" help:"Run roles in this process, on Redis and DynamoDB."`
	Ready  app.Readiness `cmd:"" help:"Say whether a process is ready, or what it waits for."`
	Config config.Verbs  `cmd:"" help:"Look at the configuration of a process."`
	Setup  setup.Verbs   `cmd:"" help:"Make what a system needs before its processes run."`
	Load   load.Load     `cmd:"" help:"Put load on a system, and judge what its listeners hear."`
	Worker load.Worker   `cmd:"" name:"load-worker" hidden:""`
	Room   room.Verbs    `cmd:"" help:"Rooms and their stages, for people at a terminal."`
}
