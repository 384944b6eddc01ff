// The program of peers/bare.py in JavaScript.
"use strict";
const path = require("node:path");
const cdk = require("aws-cdk-lib");
const ecs = require("aws-cdk-lib/aws-ecs");
const patterns = require("aws-cdk-lib/aws-ecs-patterns");

const APP = path.join(__dirname, "..", "..", "app");
const app = new cdk.App();
const stack = new cdk.Stack(app, "Bench");
for (let number = 0; number < Number(process.argv[2]); number++) {
  new patterns.ApplicationLoadBalancedFargateService(stack, `Web${number}`, {
    taskImageOptions: { image: ecs.ContainerImage.fromAsset(APP), containerPort: 8080 },
  });
}
app.synth();
