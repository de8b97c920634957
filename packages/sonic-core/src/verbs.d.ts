// Made from scripts/protocol.lua; do not edit. The types of all verbs and events of the protocol.

export interface Bus {
  active: boolean;
  channels: number;
  kind: "main" | "aux";
  name: string;
}

export interface Instance {
  bypassed: boolean;
  inputs: number;
  instance: number;
  latency_samples: number;
  max_block: number;
  members: Array<Member>;
  outputs: number;
  sample_rate: number;
  tail: Tail;
  warnings: Array<string>;
  stream: number | null;
}

export interface Member {
  event_inputs: number;
  inputs: Array<Bus>;
  /** copies of it: one per channel where it takes fewer channels than there are */
  lanes: number;
  latency: number;
  outputs: Array<Bus>;
  /** how many it has */
  params: number;
  plugin: PluginName;
  interfaces?: Array<string>;
  /** a number, or "infinite" */
  tail_samples: number | string | null;
}

export interface Param {
  /** normalized */
  default: number;
  flags: Array<"automatable" | "readonly" | "hidden" | "bypass" | "list" | "wrap" | "program_change">;
  /** path from the root, parts joined by / */
  group: string;
  /** the plugin's own number; it stays */
  id: number;
  /** vst3:ID */
  key: string;
  kind: "float" | "int" | "bool" | "enum";
  /** plain value at 1 */
  max: number;
  /** plain value at 0 */
  min: number;
  name: string;
  short: string;
  /** 0 for continuous */
  steps: number;
  text: string;
  unit: string;
  value_norm: number;
  value_plain: number;
  labels?: Array<string>;
}

export interface Plugin {
  categories: Array<string>;
  /** name of the bundle or file, without its folder */
  file: string;
  format: string;
  /** stays the same for ever, on every system */
  id: string;
  kind: "effect" | "instrument" | "analyzer" | "generator" | "other";
  name: string;
  /** OK, or why it cannot be loaded: BLOCKED, CRASHED, TIMED_OUT … */
  state: string;
  vendor: string;
  version: string;
  reason?: string;
}

export interface PluginName {
  id: string;
  kind: string;
  name: string;
  vendor: string;
  version: string;
}

export interface Preset {
  name: string;
  scope: "user" | "shared" | "factory";
}

export interface Tail {
  kind: "none" | "samples" | "infinite";
  samples: number;
}

export interface Value {
  norm: number;
  /** left out while the plugins' thread is busy */
  plain?: number;
  /** left out while the plugins' thread is busy */
  text?: string;
}

/** What each verb takes and gives. */
export interface Verbs {
  /** Answers at once, whatever the plugins are doing. The time is that of the bridge, in milliseconds. */
  PING: {
    params: {};
    result: {
      time: number;
    };
  };
  /** Which bridge this is. */
  GET_VERSION: {
    params: {};
    result: {
      name: string;
      os: string;
      protocol: number;
      version: string;
    };
  };
  /** What this bridge can do beyond the plain verbs, in words that stay. */
  GET_CAPS: {
    params: {};
    result: {
      caps: Array<string>;
    };
  };
  /** How much of everything there may be, as config.lua says. */
  GET_LIMITS: {
    params: {};
    result: {
      credits: number;
      grace_s: number;
      in_flight: number;
      instances: number;
      main_per_second: number;
      sessions: number;
      sockets: number;
      streams: number;
      text_bytes: number;
    };
  };
  /** How things stand. `main_busy_ms` is how long the plugins' thread has been busy with one thing. */
  GET_STATUS: {
    params: {};
    result: {
      instances: number;
      main_busy_ms: number;
      plugins: number;
      reload: {
        generation: number;
        error?: string;
      };
      streams: number;
      uptime_s: number;
    };
  };
  /** Says which classes of events are wanted from now on: lifecycle, params, meters, log, scripts, graph. */
  SUBSCRIBE: {
    params: {
      classes: Array<string>;
    };
    result: {
      classes: Array<string>;
    };
  };
  /** Takes back a request that is not answered yet; it is answered with -32800 then. What the plugins' thread has begun already is finished there. */
  CANCEL: {
    params: {
      /** the id of the request */
      id: number | string;
    };
    result: {
      cancelled: boolean;
    };
  };
  /** Several calls in one request, one after another; results are in the same order. `serial` gives a result or an error for each call, and ends at the first error unless `halt` is false. `atomic` is all or nothing: at the first error what was done is taken back, and BATCH fails with that error and `data.index`. Only loading, bypass, parameters and verbs that read can be part of an atomic batch. */
  BATCH: {
    params: {
      calls: Array<{
        method: string;
        params?: Record<string, unknown>;
      }>;
      halt?: boolean;
      mode?: "serial" | "atomic";
    };
    result: {
      results: Array<{
        error?: Record<string, unknown>;
        result?: unknown;
      }>;
    };
  };
  /** The plugins on this machine, sorted by name, as they were last looked for. Answers at once. With `next` in the answer there are more: ask again with it as `cursor`. */
  LIST_PLUGINS: {
    params: {
      cursor?: number;
      filter?: {
        category?: string;
        kind?: string;
        name?: string;
        vendor?: string;
      };
      limit?: number;
      /** of the first page; REV_CONFLICT if the list is another one by now */
      rev?: number;
    };
    result: {
      plugins: Array<Plugin>;
      rev: number;
      total: number;
      next?: number;
    };
  };
  /** One plugin, by its id, its name, or a part of the name that fits no other. */
  GET_PLUGIN: {
    params: {
      plugin: string;
    };
    result: {
      categories: Array<string>;
      /** name of the bundle or file, without its folder */
      file: string;
      format: string;
      /** stays the same for ever, on every system */
      id: string;
      kind: "effect" | "instrument" | "analyzer" | "generator" | "other";
      name: string;
      /** OK, or why it cannot be loaded: BLOCKED, CRASHED, TIMED_OUT … */
      state: string;
      vendor: string;
      version: string;
      reason?: string;
    };
  };
  /** Looks for plugins again; what is unchanged is not examined anew unless `rescan` says so. Plugins are examined in processes of their own. Sends SCAN_PROGRESS meanwhile. */
  SCAN_PLUGINS: {
    params: {
      /** only the file of this one */
      plugin?: string;
      rescan?: boolean;
    };
    result: {
      rev: number;
      total: number;
    };
  };
  /** What the last scan says of each file it looked at. */
  GET_SCAN_REPORT: {
    params: {};
    result: {
      modules: Array<{
        name: string;
        plugins: number;
        state: string;
        reason?: string;
        took_ms?: number;
      }>;
    };
  };
  /** Keeps a plugin from being loaded, until it is unblocked. */
  BLOCK_PLUGIN: {
    params: {
      plugin: string;
      reason?: string;
    };
    result: {};
  };
  /** Gives a blocked plugin free. */
  UNBLOCK_PLUGIN: {
    params: {
      plugin: string;
    };
    result: {};
  };
  /** Loads a plugin, or a chain of plugins: by id, by name, or by a part of the name that fits no other. */
  LOAD_PLUGIN: {
    params: {
      channels?: number;
      max_block?: number;
      mode?: "realtime" | "offline";
      plugin_id?: string;
      /** texts, or { plugin_id, state, preset }; instead of plugin_id */
      plugins?: Array<unknown>;
      sample_rate?: number;
      /** from GET_STATE, of the whole chain */
      state?: string;
    };
    result: {
      bypassed: boolean;
      inputs: number;
      instance: number;
      latency_samples: number;
      max_block: number;
      members: Array<Member>;
      outputs: number;
      sample_rate: number;
      tail: Tail;
      warnings: Array<string>;
      stream: number | null;
    };
  };
  /** Unloads an instance. A stream through it ends. */
  UNLOAD_PLUGIN: {
    params: {
      instance: number;
    };
    result: {};
  };
  /** All instances of the session. */
  LIST_INSTANCES: {
    params: {};
    result: {
      instances: Array<Instance>;
    };
  };
  /** All that is known of an instance. */
  GET_INSTANCE: {
    params: {
      instance: number;
    };
    result: {
      bypassed: boolean;
      inputs: number;
      instance: number;
      latency_samples: number;
      max_block: number;
      members: Array<Member>;
      outputs: number;
      sample_rate: number;
      tail: Tail;
      warnings: Array<string>;
      stream: number | null;
    };
  };
  /** Saves the settings, makes the plugins anew, restores. For plugins that are out of work. */
  RESTART_INSTANCE: {
    params: {
      instance: number;
    };
    result: {
      bypassed: boolean;
      inputs: number;
      instance: number;
      latency_samples: number;
      max_block: number;
      members: Array<Member>;
      outputs: number;
      sample_rate: number;
      tail: Tail;
      warnings: Array<string>;
      stream: number | null;
    };
  };
  /** Forgets all that rings, ends all notes, and gives plugins that the guard put away another chance. */
  RESET_INSTANCE: {
    params: {
      instance: number;
    };
    result: {};
  };
  /** Lets sound run past an instance, as late as through it, or through it again. */
  SET_BYPASS: {
    params: {
      bypass: boolean;
      instance: number;
    };
    result: {};
  };
  /** Parameters of a plugin with their values. Hidden ones are left out. With `next` in the answer there are more. */
  LIST_PARAMS: {
    params: {
      instance: number;
      cursor?: number;
      limit?: number;
      member?: number;
    };
    result: {
      params: Array<Param>;
      total: number;
      next?: number;
    };
  };
  /** The present value of a parameter. In the space "norm" it answers at once; else plain value and text come with it, unless the plugins' thread is busy. */
  GET_PARAM: {
    params: {
      instance: number;
      param: number | string;
      member?: number;
      space?: "norm" | "plain" | "text";
    };
    result: {
      norm: number;
      /** left out while the plugins' thread is busy */
      plain?: number;
      /** left out while the plugins' thread is busy */
      text?: string;
    };
  };
  /** Sets one parameter of a loaded plugin. Answers with the value that was really applied; `snapped` says that a step was nearest. In the space "norm" it answers at once; texts that are missing come with PARAM_CHANGED. */
  SET_PARAM: {
    params: {
      instance: number;
      param: number | string;
      /** a number, or a text for the space "text" */
      value: number | string;
      member?: number;
      space?: "norm" | "plain" | "text";
      /** whether plain value and text are wanted in the answer */
      texts?: boolean;
    };
    result: {
      applied: Value;
      snapped: boolean;
    };
  };
  /** Sets several parameters of an instance, in order. Each has its own result or error. */
  SET_PARAMS: {
    params: {
      changes: Array<{
        param: number | string;
        value: number | string;
        member?: number;
        space?: "norm" | "plain" | "text";
      }>;
      instance: number;
    };
    result: {
      results: Array<{
        applied?: Value;
        error?: Record<string, unknown>;
        snapped?: boolean;
      }>;
    };
  };
  /** A hand is on a knob: until END_EDIT the client's own changes of this parameter do not come back to it as PARAM_CHANGED. What the plugin itself does still comes. */
  BEGIN_EDIT: {
    params: {
      instance: number;
      param: number | string;
      member?: number;
    };
    result: {};
  };
  /** The hand is off the knob again. */
  END_EDIT: {
    params: {
      instance: number;
      param: number | string;
      member?: number;
    };
    result: {};
  };
  /** What a normalized value would be called, without setting it. */
  PARAM_TO_TEXT: {
    params: {
      instance: number;
      norm: number;
      param: number | string;
      member?: number;
    };
    result: {
      norm: number;
      plain: number;
      text: string;
    };
  };
  /** Which value a text means, without setting it. */
  TEXT_TO_PARAM: {
    params: {
      instance: number;
      param: number | string;
      text: string;
      member?: number;
    };
    result: {
      norm: number;
      plain: number;
      text: string;
    };
  };
  /** The settings of all plugins of an instance, as text that only SET_STATE and LOAD_PLUGIN understand. */
  GET_STATE: {
    params: {
      instance: number;
    };
    result: {
      state: string;
    };
  };
  /** Restores settings from GET_STATE. They have to be of the same plugins in the same order. */
  SET_STATE: {
    params: {
      instance: number;
      state: string;
    };
    result: {};
  };
  /** Presets of a plugin in the standard folders. */
  LIST_PRESETS: {
    params: {
      instance: number;
      member?: number;
    };
    result: {
      presets: Array<Preset>;
    };
  };
  /** Loads a preset by its name. */
  LOAD_PRESET: {
    params: {
      instance: number;
      name: string;
      member?: number;
    };
    result: {};
  };
  /** Saves the present settings as a preset of the user. The name is a name, never a path. */
  SAVE_PRESET: {
    params: {
      instance: number;
      name: string;
      member?: number;
      overwrite?: boolean;
    };
    result: {
      name: string;
      scope: "user" | "shared" | "factory";
    };
  };
  /** Programs that a plugin brings along, in lists. */
  LIST_PROGRAMS: {
    params: {
      instance: number;
      member?: number;
    };
    result: {
      lists: Array<{
        id: number;
        name: string;
        programs: Array<string>;
        current?: number;
      }>;
    };
  };
  /** Chooses a program of a list, counted from 0. */
  SET_PROGRAM: {
    params: {
      instance: number;
      list: number;
      program: number;
      member?: number;
    };
    result: {};
  };
  /** Opens a way for sound through an instance. Frames travel as binary messages (docs/protocol.md); the client may send them when it has the answer. `credits` are the frames that may be in flight. */
  OPEN_STREAM: {
    params: {
      instance: number;
      block?: number;
      channels?: number;
      credits?: number;
      mode?: "realtime" | "offline";
      sample_rate?: number;
    };
    result: {
      credits: number;
      inputs: number;
      latency_samples: number;
      max_frames: number;
      outputs: number;
      sample_rate: number;
      stream: number;
      tail: Tail;
    };
  };
  /** Processes one frame by request: for tests and for programs without binary messages. Samples are 32-bit floats, little-endian, one channel after the other, in base64. */
  PROCESS_AUDIO: {
    params: {
      channels: number;
      data_b64: string;
      frames: number;
      stream: number;
      events?: Array<{
        type: "note_on" | "note_off" | "poly_pressure" | "controller" | "note_expression" | "param";
        channel?: number;
        key?: number;
        /** of a note expression */
        kind?: number;
        /** PROCESS_AUDIO only: the plugin in the chain */
        member?: number;
        /** the client's number of the note */
        note?: number;
        /** 128 pressure, 129 pitch bend, 130 program */
        number?: number;
        /** samples from the start of the block */
        offset?: number;
        /** PROCESS_AUDIO only: for the type param */
        param?: number;
        pressure?: number;
        value?: number;
        velocity?: number;
      }>;
    };
    result: {
      channels: number;
      data_b64: string;
      dry: boolean;
      frames: number;
      guard: boolean;
      micros: number;
    };
  };
  /** Forgets all that rings in what a stream runs through. */
  FLUSH_STREAM: {
    params: {
      stream: number;
    };
    result: {};
  };
  /** Closes a stream. Notes end, nothing rings on. */
  CLOSE_STREAM: {
    params: {
      stream: number;
    };
    result: {};
  };
  /** Ends all notes and all that rings, in everything the session loaded. */
  PANIC: {
    params: {};
    result: {};
  };
  /** Notes and controllers for the next block of an instance. */
  SEND_EVENTS: {
    params: {
      events: Array<{
        type: "note_on" | "note_off" | "poly_pressure" | "controller" | "note_expression" | "param";
        channel?: number;
        key?: number;
        /** of a note expression */
        kind?: number;
        /** PROCESS_AUDIO only: the plugin in the chain */
        member?: number;
        /** the client's number of the note */
        note?: number;
        /** 128 pressure, 129 pitch bend, 130 program */
        number?: number;
        /** samples from the start of the block */
        offset?: number;
        /** PROCESS_AUDIO only: for the type param */
        param?: number;
        pressure?: number;
        value?: number;
        velocity?: number;
      }>;
      instance: number;
      /** left out: every plugin that takes notes */
      member?: number;
    };
    result: {};
  };
  /** Musical time of an instance from the next block on. What is left out stays as it was. */
  SET_TRANSPORT: {
    params: {
      instance: number;
      /** start and end of the loop in quarters */
      cycle?: Array<number>;
      cycling?: boolean;
      playing?: boolean;
      /** in samples */
      position?: number;
      /** { 3, 4 } */
      signature?: Array<number>;
      /** quarters a minute */
      tempo?: number;
    };
    result: {};
  };
  /** What the session's streams measured, in microseconds. */
  GET_TIMINGS: {
    params: {};
    result: {
      streams: Array<{
        average_us: number;
        blocks: number;
        dry: number;
        guarded: number;
        longest_us: number;
        overruns: number;
        shortest_us: number;
        stream: number;
      }>;
    };
  };
  /** Forgets what the session's streams measured. */
  RESET_TIMINGS: {
    params: {};
    result: {};
  };
  /** All instances of the session with their settings, as text for RESTORE_SESSION. */
  SAVE_SESSION: {
    params: {};
    result: {
      session: string;
    };
  };
  /** Loads all instances of a saved session, besides those that are there. If one cannot be loaded, none is. */
  RESTORE_SESSION: {
    params: {
      session: string;
    };
    result: {
      instances: Array<Instance>;
    };
  };
  /** Everything as it stands, for a client that missed events. `rev` counts what happened to the session. */
  GET_SNAPSHOT: {
    params: {};
    result: {
      /** records as of GET_INSTANCE, with values: a list of { member, id, norm } */
      instances: Array<unknown>;
      rev: number;
      /** of the last event before */
      seq?: number;
    };
  };
}

/** What each event carries. */
export interface Events {
  /** An instance is gone. Class: lifecycle. */
  PLUGIN_UNLOADED: {
    instance: number;
  };
  /** A plugin is out of work; its sound is missing. RESTART_INSTANCE may help. Class: lifecycle. */
  PLUGIN_FAILED: {
    instance: number;
    member: number;
    reason: string;
  };
  /** All values of a plugin may be others, after a preset for example: LIST_PARAMS tells. Class: lifecycle. */
  PARAMS_CHANGED: {
    instance: number;
    member: number;
  };
  /** Parameters have other names, units or flags, or there are others: LIST_PARAMS tells. Class: lifecycle. */
  PARAM_INFO_CHANGED: {
    instance: number;
    member: number;
  };
  /** Programs have other names: LIST_PROGRAMS tells. Class: lifecycle. */
  PROGRAMS_CHANGED: {
    instance: number;
    member: number;
  };
  /** The plugin's own knob was grasped or let go. Class: lifecycle. */
  GESTURE: {
    began: boolean;
    instance: number;
    member: number;
    param: number;
  };
  /** Latency or tail of an instance changed. Class: lifecycle. */
  LATENCY_CHANGED: {
    instance: number;
    latency_samples: number;
    tail: Tail;
  };
  /** Buses changed: GET_INSTANCE tells. Class: lifecycle. */
  BUSES_CHANGED: {
    instance: number;
    member: number;
  };
  /** The settings are worth saving. Class: lifecycle. */
  STATE_DIRTY: {
    instance: number;
    member: number;
  };
  /** A plugin is at long work; without `share` it has ended. Class: lifecycle. */
  PROGRESS: {
    id: number;
    instance: number;
    text: string;
    share?: number;
  };
  /** The guard silenced a plugin's output, or put the plugin out of the way until RESET_INSTANCE. Class: lifecycle. */
  GUARD_TRIPPED: {
    bypassed: boolean;
    instance: number;
    member: number;
  };
  /** Frames took longer than they last, since the last event of the kind. Class: lifecycle. */
  XRUN: {
    frames: number;
    instance: number;
    stream: number;
  };
  /** A file was examined in the course of a scan. Class: lifecycle. */
  SCAN_PROGRESS: {
    done: number;
    name: string;
    state: string;
    total: number;
  };
  /** The list of plugins is another one: LIST_PLUGINS tells. Class: lifecycle. */
  PLUGINS_CHANGED: {
    rev: number;
  };
  /** Another text of the protocol script runs now. Class: scripts. */
  SCRIPT_RELOADED: {
    files: Array<string>;
    generation: number;
  };
  /** A changed text of the protocol script was refused; the old one goes on. The message begins with file and line. Class: scripts. */
  SCRIPT_REJECTED: {
    message: string;
  };
  /** The bridge is ending. Class: lifecycle. */
  SHUTDOWN: {};
  /** An instance is there. Class: lifecycle. */
  PLUGIN_LOADED: {
    instance: number;
    plugins: Array<PluginName>;
  };
  /** A parameter has another value. Of several changes of one parameter only the last may come. Class: params. */
  PARAM_CHANGED: {
    /** the plugin moved it, not the client */
    by_plugin: boolean;
    instance: number;
    member: number;
    norm: number;
    param: number;
    plain: number;
    text: string;
  };
  /** Another connection took this session over; this one is closed with 4009. Class: lifecycle. */
  SESSION_TAKEN_OVER: {};
}

export type VerbName = keyof Verbs;
export type Params<V extends VerbName> = Verbs[V]["params"];
export type Result<V extends VerbName> = Verbs[V]["result"];
export type EventName = keyof Events;
