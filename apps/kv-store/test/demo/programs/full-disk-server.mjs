// The real server; node n2 gives up as on a full disk once it has some of the import.
const option = (name) => process.argv[process.argv.indexOf(name) + 1];

async function committed() {
  const response = await fetch(`http://${option('--http')}/status`);
  return (await response.json()).commitIndex;
}

await import(process.env.DS_TEST_SERVER);

if (option('--id') === 'n2') {
  setInterval(async () => {
    // Until it listens there is nothing to know.
    if ((await committed().catch(() => 0)) < 100) return;
    console.error('The disk is full: free some space and start again.');
    process.exit(5);
  }, 20);
}
