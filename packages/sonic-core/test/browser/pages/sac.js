// The node on standardized-audio-context.

import * as lib from '../sonic-core/index.js';
// @ts-ignore: served from the root
import * as sac from '../node_modules/standardized-audio-context/build/es2019/module.js';

Object.assign(globalThis, { lib, sac });
