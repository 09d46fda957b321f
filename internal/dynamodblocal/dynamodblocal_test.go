package dynamodblocal

import (
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestDynamoDBIsOnLoopbackAndEnds(t *testing.T) {
	server, client, table := StartOwn(t)
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, key := range out.Table.KeySchema {
		keys = append(keys, string(key.KeyType)+" "+aws.ToString(key.AttributeName))
	}
	if got, want := strings.Join(keys, ", "), "HASH pk, RANGE sk"; got != want {
		t.Errorf("keys of the table = %s, want %s", got, want)
	}
	address, err := url.Parse(server.URL)
	if err != nil || address.Hostname() != "127.0.0.1" {
		t.Errorf("URL = %s, %v, want one on 127.0.0.1", server.URL, err)
	}
	for _, host := range otherAddresses(t) {
		if connection, err := net.Dial("tcp", net.JoinHostPort(host, address.Port())); err == nil {
			connection.Close()
			t.Errorf("the server answers on %s", host)
		}
	}
	// As it happens when the process that started it ends.
	if err := server.input.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.command.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func otherAddresses(t *testing.T) (hosts []string) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			hosts = append(hosts, ip.IP.String())
		}
	}
	return hosts
}

func TestDynamoDBTablesAreFresh(t *testing.T) {
	client, first := Start(t)
	same, second := Start(t)
	if first == second {
		t.Errorf("two tables have the name %s", first)
	}
	if got, want := *same.Options().BaseEndpoint, *client.Options().BaseEndpoint; got != want {
		t.Errorf("the second server is %s, want %s as the first", got, want)
	}
}

func TestRunErrors(t *testing.T) {
	_, err := Run(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "there is no DynamoDBLocal-*.jar") {
		t.Errorf("Run of an empty folder = %v, want an error that says what is missing", err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(broken+"/DynamoDBLocal-0.jar", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Run(broken)
	if err == nil || !strings.Contains(err.Error(), "cannot start DynamoDB Local from "+broken) {
		t.Errorf("Run of a folder with an empty archive = %v, want an error", err)
	}
	t.Setenv("PATH", "")
	if _, err := Run(broken); err == nil || !strings.Contains(err.Error(), "java") {
		t.Errorf("Run without Java = %v, want an error that names it", err)
	}
}
