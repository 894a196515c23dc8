package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
)

func init() {
	p := os.Getenv("PROF_OUT")
	if p == "" {
		return
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	go func() {
		<-c
		f, _ := os.Create(p)
		pprof.StartCPUProfile(f)
		time.Sleep(4 * time.Second)
		pprof.StopCPUProfile()
		f.Close()
	}()
}
