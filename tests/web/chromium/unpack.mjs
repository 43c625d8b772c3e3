// Unpacks the package's browser, with the libraries it needs, into TMPDIR and prints where both are.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs22.x"; // then it brings its own libraries along
const { default: chromium } = await import("@sparticuz/chromium");
const path = await chromium.executablePath();
console.log(JSON.stringify({ path, libraries: process.env.LD_LIBRARY_PATH ?? "" }));
