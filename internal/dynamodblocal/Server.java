import java.net.InetSocketAddress;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/**
 * DynamoDB Local, in memory, on the loopback interface at a port from the system, which it prints. Its own main class
 * answers on all interfaces, and wants to be told a port. It ends when its standard input does, so that it can't outlive
 * the test that started it, however that ends.
 */
class LoopbackServer {
    public static void main(String[] args) throws Exception {
        // 0: no port of its own. In memory, without a file, a database for each access key, tables ready at once.
        var tables = new LocalDynamoDBRequestHandler(0, true, null, false, false);
        var server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(new ContextHandler(new LocalDynamoDBServerHandler(tables, null)));
        server.start();
        System.out.println(((ServerConnector) server.getConnectors()[0]).getLocalPort());
        while (System.in.read() >= 0) { }
        System.exit(0);
    }
}
