package traffic

// User agents, as CloudTrail records them.
const (
	agentGo     = "[aws-sdk-go-v2/1.41.1 ua/2.1 os/linux lang/go#1.25.5 md/GOOS#linux md/GOARCH#arm64 api/s3#1.97.0 m/E,Z,e]"
	agentJava   = "[aws-sdk-java/2.38.2 md/io#async md/http#NettyNio ua/2.1 os/Linux#6.1 lang/java#21.0.9 md/OpenJDK_64-Bit_Server_VM]"
	agentJava1  = "[aws-sdk-java/1.12.797 Linux/5.10.245 OpenJDK_64-Bit_Server_VM/11.0.29]"
	agentPython = "[Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.1.159-182.297.amzn2023.aarch64 md/arch#aarch64" +
		" lang/python#3.13.9 Botocore/1.40.61]"
	agentCLI = "[aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.12.38+kali-amd64 md/arch#x86_64 lang/python#3.13.7" +
		" m/AA,E,Z cfg/retry-mode#standard md/prompt#off md/command#s3.rm]"
	agentSync    = "[aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.11.0-1018-azure md/command#s3.sync]"
	agentConsole = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.225-191.878.amzn2int.x86_64" +
		" OpenJDK_64-Bit_Server_VM/25.372-b08 java/1.8.0_372 vendor/Oracle_Corporation cfg/retry-mode/standard]"
	agentChrome = "[Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36]"
	agentPhone  = "[Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)" +
		" Version/18.6 Mobile/15E148 Safari/604.1]"
	agentRobot = "[Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)]"
)
