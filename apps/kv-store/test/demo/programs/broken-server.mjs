// A server that gives up at once: the demo must show what it said.
console.log('the stub looks for its disk');
console.error('the stub has no more to give');
process.exitCode = 7;
