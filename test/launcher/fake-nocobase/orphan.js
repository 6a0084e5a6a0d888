// Nothing outlives the test that has started it, even when that is killed.
const { FAKE_TEST_PID } = process.env;
setInterval(() => {
  try {
    process.kill(Number(FAKE_TEST_PID), 0);
  } catch {
    process.exit();
  }
}, 200).unref();
