// A plug-in as users upload it. Being installed takes it as long as a large one takes.
const { Plugin } = require('@nocobase/server');

exports.__esModule = true;
exports.default = class extends Plugin {
  async load() {
    this.app.resourceManager.define({
      name: 'maintained',
      actions: {
        async show(context, next) {
          context.body = 'it is there';
          await next();
        },
      },
    });
    this.app.acl.allow('maintained', 'show', 'public');
  }

  async install() {
    await new Promise((resolve) => setTimeout(resolve, 1000 * SECONDS));
  }
};
