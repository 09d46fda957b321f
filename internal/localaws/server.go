package localaws

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
)

// A server answers on the loopback interface only, at a port from the system.
type server struct {
	address string // host:port
	client  *http.Client
	http    *http.Server
	done    chan error
}

func serve(handler http.Handler) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{
		address: listener.Addr().String(),
		// A transport of its own: neither a proxy from the environment nor
		// connections that outlive the server.
		client: &http.Client{Transport: &http.Transport{}},
		// A client that is killed in mid-request is part of the tests, and no
		// news for standard error.
		http: &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)},
		done: make(chan error, 1),
	}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

// close ends open requests too, and returns when the listener is gone.
func (s *server) close() error {
	s.client.CloseIdleConnections()
	err := s.http.Close()
	if serveErr := <-s.done; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	s.done <- http.ErrServerClosed // for the next caller
	return err
}
