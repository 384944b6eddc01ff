// Report how much of a Node process's heap is in use at its end, after a collection: NODE_OPTIONS='--require …/heap.js'.
const fs = require("fs");
const path = require("path");
const v8 = require("v8");
const vm = require("vm");

v8.setFlagsFromString("--expose-gc");
process.on("exit", () => {
  vm.runInNewContext("gc")();
  fs.writeFileSync(path.join(process.env.BENCH_HEAP, String(process.pid)), String(process.memoryUsage().heapUsed));
});
