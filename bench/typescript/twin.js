// The program of peers/handwritten.py as the TypeScript compiler writes it: CommonJS, with one module for each AWS
// service, so that only used modules are loaded.
"use strict";
const path = require("node:path");
const cdk = require("aws-cdk-lib");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecr = require("aws-cdk-lib/aws-ecr");
const ecrAssets = require("aws-cdk-lib/aws-ecr-assets");
const ecs = require("aws-cdk-lib/aws-ecs");
const patterns = require("aws-cdk-lib/aws-ecs-patterns");
const elbv2 = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const iam = require("aws-cdk-lib/aws-iam");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");

const APP = path.join(__dirname, "..", "..", "app");
const COPIER = path.join(__dirname, "..", "..", "src", "ecr_fargate_constructs", "image");
const PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const UPLOAD = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"];
const PUSH = ["ecr:BatchCheckLayerAvailability", ...PULL, ...UPLOAD];
const UNTAGGED = { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 1 };
const TAGGED = { tagStatus: "tagged", tagPatternList: ["*"], countType: "imageCountMoreThan", countNumber: 20 };
const POLICY = JSON.stringify({
  rules: [UNTAGGED, TAGGED].map((selection, index) => ({
    rulePriority: index + 1,
    selection,
    action: { type: "expire" },
  })),
});

function network(stack) {
  return new ec2.Vpc(stack, "EcrFargateNetwork", {
    maxAzs: 2,
    natGateways: 2,
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    subnetConfiguration: [
      { name: "Public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: "Private", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
    ],
  });
}

function allow(role, actions, resource) {
  role.addToPolicy(new iam.PolicyStatement({ actions, resources: [resource] }));
}

function copier(stack) {
  const role = new iam.Role(stack, "ImageCopierRole", {
    assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
    description: "Copies images into private repositories",
  });
  const logGroup = new logs.LogGroup(stack, "ImageCopierLogGroup", {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: cdk.RemovalPolicy.RETAIN,
  });
  logGroup.grantWrite(role);
  allow(role, ["ecr:GetAuthorizationToken"], "*");
  const fn = new lambda.Function(stack, "ImageCopier", {
    description: "Copies images into private repositories",
    code: lambda.Code.fromAsset(COPIER, { exclude: ["*", "!copier", "!copier/*.py"] }),
    handler: "copier.handler.handler",
    runtime: lambda.Runtime.PYTHON_3_14,
    architecture: lambda.Architecture.X86_64,
    memorySize: 1024,
    timeout: cdk.Duration.minutes(15),
    role,
    logGroup,
  });
  return { fn, role, policy: role.node.findChild("DefaultPolicy") };
}

function image(scope, name, copies) {
  const repository = new ecr.Repository(scope, `${name}Repository`, {
    encryption: ecr.RepositoryEncryption.AES_256,
    imageScanOnPush: true,
    imageTagMutability: ecr.TagMutability.IMMUTABLE,
    removalPolicy: cdk.RemovalPolicy.RETAIN,
    emptyOnDelete: false,
  });
  repository.node.defaultChild.lifecyclePolicy = { lifecyclePolicyText: POLICY };
  const asset = new ecrAssets.DockerImageAsset(scope, `${name}Asset`, {
    directory: APP,
    platform: ecrAssets.Platform.LINUX_AMD64,
  });
  allow(copies.role, PUSH, repository.repositoryArn);
  const copy = new cdk.CustomResource(scope, `${name}Copy`, {
    serviceToken: copies.fn.functionArn,
    resourceType: "Custom::EcrFargateImageCopy",
    serviceTimeout: cdk.Duration.minutes(17),
    properties: {
      Source: asset.imageUri,
      Destination: repository.repositoryUriForTag(asset.assetHash),
      Architecture: "amd64",
    },
  });
  copy.node.addDependency(copies.policy);
  return { repository, asset, copy };
}

function task(scope, name, { repository, asset, copy }) {
  const definition = new ecs.FargateTaskDefinition(scope, `${name}TaskDef`, {
    cpu: 256,
    memoryLimitMiB: 512,
    runtimePlatform: {
      operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      cpuArchitecture: ecs.CpuArchitecture.X86_64,
    },
  });
  const logGroup = new logs.LogGroup(scope, `${name}LogGroup`, {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: cdk.RemovalPolicy.RETAIN,
  });
  definition.addContainer("web", {
    image: ecs.ContainerImage.fromEcrRepository(repository, asset.assetHash),
    essential: true,
    portMappings: [
      { containerPort: 8080, protocol: ecs.Protocol.TCP, name: "web", appProtocol: ecs.AppProtocol.http },
    ],
    linuxParameters: new ecs.LinuxParameters(definition, "LinuxParameters", { initProcessEnabled: true }),
    logging: ecs.LogDrivers.awsLogs({
      streamPrefix: "web",
      logGroup,
      mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      maxBufferSize: cdk.Size.mebibytes(25),
    }),
    readonlyRootFilesystem: true,
    stopTimeout: cdk.Duration.seconds(30),
    versionConsistency: ecs.VersionConsistency.ENABLED,
  });
  definition.node.defaultChild.node.addDependency(copy);
  return definition;
}

function service(scope, name, cluster, taskDefinition) {
  const loadBalancer = new elbv2.ApplicationLoadBalancer(scope, `${name}LB`, {
    vpc: cluster.vpc,
    internetFacing: true,
    idleTimeout: cdk.Duration.seconds(60),
    ipAddressType: elbv2.IpAddressType.IPV4,
    desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
    dropInvalidHeaderFields: true,
    http2Enabled: true,
  });
  const made = new patterns.ApplicationLoadBalancedFargateService(scope, name, {
    cluster,
    taskDefinition,
    loadBalancer,
    openListener: true,
    desiredCount: 2,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { enable: true, rollback: true },
    healthCheckGracePeriod: cdk.Duration.seconds(60),
    propagateTags: ecs.PropagatedTagSource.SERVICE,
    enableECSManagedTags: true,
    enableExecuteCommand: false,
    platformVersion: ecs.FargatePlatformVersion.LATEST,
  });
  made.targetGroup.configureHealthCheck({
    enabled: true,
    protocol: elbv2.Protocol.HTTP,
    path: "/healthz",
    port: "traffic-port",
    healthyHttpCodes: "200-299",
    interval: cdk.Duration.seconds(10),
    timeout: cdk.Duration.seconds(5),
    healthyThresholdCount: 2,
    unhealthyThresholdCount: 3,
  });
  made.targetGroup.setAttribute("deregistration_delay.timeout_seconds", "30");
  return made;
}

function watch(scope, name, made) {
  const dimensionsMap = {
    LoadBalancer: made.loadBalancer.loadBalancerFullName,
    TargetGroup: made.targetGroup.targetGroupFullName,
  };
  const metric = (metricName, statistic) =>
    new cloudwatch.Metric({
      namespace: "AWS/ApplicationELB",
      metricName,
      statistic,
      period: cdk.Duration.minutes(1),
      dimensionsMap,
    });
  const errors = new cloudwatch.MathExpression({
    expression: "100 * FILL(errors, 0) / requests",
    usingMetrics: { errors: metric("HTTPCode_Target_5XX_Count", "Sum"), requests: metric("RequestCount", "Sum") },
    period: cdk.Duration.minutes(1),
    label: "5xx responses",
  });
  const above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD;
  const reached = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
  const alarms = [
    ["Errors", errors, 5, above, 2],
    ["Unhealthy", metric("UnHealthyHostCount", "Maximum"), 1, reached, 3],
    ["Latency", metric("TargetResponseTime", "p90"), 3, above, 3],
  ].map(
    ([what, each, threshold, comparisonOperator, datapointsToAlarm]) =>
      new cloudwatch.Alarm(scope, `${name}Target${what}`, {
        metric: each,
        threshold,
        comparisonOperator,
        datapointsToAlarm,
        evaluationPeriods: 3,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        alarmDescription: `${what}; a deployment under way is rolled back.`,
      }).alarmName,
  );
  const resource = made.service.node.defaultChild;
  resource.addPropertyOverride("AvailabilityZoneRebalancing", "ENABLED");
  for (const [key, value] of Object.entries({
    Alarms: { AlarmNames: alarms, Enable: true, Rollback: true },
    "DeploymentCircuitBreaker.ResetOnHealthyTask": false,
    "DeploymentCircuitBreaker.ThresholdConfiguration": { Type: "COUNT", Value: 3 },
    LifecycleHooks: [],
    Strategy: "ROLLING",
  })) {
    resource.addPropertyOverride(`DeploymentConfiguration.${key}`, value);
  }
}

const app = new cdk.App();
const stack = new cdk.Stack(app, "Bench");
const cluster = new ecs.Cluster(stack, "Cluster", {
  vpc: network(stack),
  containerInsightsV2: ecs.ContainerInsights.ENABLED,
});
const copies = copier(stack);
for (let number = 0; number < Number(process.argv[2]); number++) {
  const name = `Web${number}`;
  const made = image(stack, name, copies);
  if (number === 0) {
    allow(copies.role, PULL, made.asset.repository.repositoryArn); // all assets are in one repository
  }
  watch(stack, name, service(stack, name, cluster, task(stack, name, made)));
}
app.synth();
