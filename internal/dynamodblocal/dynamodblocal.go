// Package dynamodblocal runs AWS's own DynamoDB Local for tests: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.html
//
// It is a Java program that make test-dynamodb fetches. What it doesn't show: throttling, and when TTL removes an item.
package dynamodblocal

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Variable names the folder with DynamoDB Local's Java archives. Where it is empty, tests that need them are skipped.
const Variable = "BUCKETWATCH_DYNAMODB_LOCAL"

// Start returns a client of DynamoDB Local, and the name of a new table as the template makes it, but without TTL, so
// that expired items stay. The server is one for all tests of a process, and the table goes with the test.
func Start(t testing.TB, options ...func(*dynamodb.Options)) (client *dynamodb.Client, table string) {
	t.Helper()
	skipWithout(t)
	server, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	client, table = server.Client(options...), server.newTable(t)
	t.Cleanup(func() {
		// Without the options, which may make calls fail.
		_, err := server.Client().DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table})
		if err != nil {
			t.Errorf("cannot delete table %s: %v", table, err)
		}
	})
	return client, table
}

// StartOwn is Start with a server for this test alone, which it may kill.
func StartOwn(t testing.TB, options ...func(*dynamodb.Options)) (server *Server, client *dynamodb.Client, table string) {
	t.Helper()
	skipWithout(t)
	server, err := Run(os.Getenv(Variable))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	return server, server.Client(options...), server.newTable(t)
}

func skipWithout(t testing.TB) {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Skip("needs DynamoDB Local: make test-dynamodb fetches it and runs this test")
	}
}

// It ends with the process that holds its standard input.
var shared = sync.OnceValues(func() (*Server, error) { return Run(os.Getenv(Variable)) })

// Server is a running DynamoDB Local.
type Server struct {
	URL string

	command *exec.Cmd
	input   io.Closer
	kill    sync.Once
}

//go:embed Server.java
var source []byte

// Run starts DynamoDB Local, whose Java archives are in folder. It ends with this process, or before, by Kill.
func Run(folder string) (*Server, error) {
	server, err := run(folder)
	if err != nil {
		return nil, fmt.Errorf("cannot start DynamoDB Local from %s: %w", folder, err)
	}
	return server, nil
}

func run(folder string) (*Server, error) {
	if found, err := filepath.Glob(filepath.Join(folder, "DynamoDBLocal-*.jar")); err != nil || len(found) == 0 {
		return nil, errors.Join(errors.New("there is no DynamoDBLocal-*.jar"), err)
	}
	dir, err := os.MkdirTemp("", "dynamodblocal")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // it is read when the server runs
	program := filepath.Join(dir, "Server.java")
	if err := os.WriteFile(program, source, 0o600); err != nil {
		return nil, err
	}
	command := exec.Command("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path="+folder, "-cp", filepath.Join(folder, "*"), program)
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		return nil, err
	}
	server := &Server{command: command, input: input}
	lines := bufio.NewReader(output)
	port, err := lines.ReadString('\n')
	if err != nil {
		server.Kill() // from here on nobody writes to complaints
		return nil, fmt.Errorf("it told no port: %w\n%s", err, &complaints)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // a full pipe would stop the server
	server.URL = "http://127.0.0.1:" + strings.TrimSpace(port)
	return server, nil
}

// Kill ends the server, in the middle of whatever it does.
func (s *Server) Kill() {
	s.kill.Do(func() {
		_ = s.command.Process.Kill()
		_ = s.input.Close()
		_ = s.command.Wait() // says that it was killed
	})
}

// Client returns a client of the server.
func (s *Server) Client(options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(s.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}, options...)
}

func (s *Server) newTable(t testing.TB) string {
	t.Helper()
	name := "table-" + strings.ToLower(rand.Text())
	_, err := s.Client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatalf("cannot create table %s: %v", name, err)
	}
	return name
}
