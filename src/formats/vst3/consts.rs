//! L2 · VST3's numbers with one type each.
//!
//! C enums without a base type are unsigned on Linux and macOS and signed on Windows, and the interfaces take yet another
//! type. Invariant: everybody names the constants here, so that code which compiles on one system compiles on all.
#![allow(clippy::unnecessary_cast)]
#![allow(missing_docs)] // The names are VST3's own; the documentation of VST3 explains them.

use vst3::Steinberg::{Vst::*, *};

// Media types, directions and kinds of buses.
pub const MEDIA_AUDIO: MediaType = MediaTypes_::kAudio as MediaType;
pub const MEDIA_EVENT: MediaType = MediaTypes_::kEvent as MediaType;
pub const INPUT: BusDirection = BusDirections_::kInput as BusDirection;
pub const OUTPUT: BusDirection = BusDirections_::kOutput as BusDirection;
pub const BUS_MAIN: BusType = BusTypes_::kMain as BusType;
pub const BUS_AUX: BusType = BusTypes_::kAux as BusType;
pub const BUS_DEFAULT_ACTIVE: u32 = BusInfo_::BusFlags_::kDefaultActive as u32;
pub const BUS_CONTROL_VOLTAGE: u32 = BusInfo_::BusFlags_::kIsControlVoltage as u32;

// Processing.
pub const SAMPLE_32: i32 = SymbolicSampleSizes_::kSample32 as i32;
pub const SAMPLE_64: i32 = SymbolicSampleSizes_::kSample64 as i32;
pub const MODE_REALTIME: i32 = ProcessModes_::kRealtime as i32;
pub const MODE_PREFETCH: i32 = ProcessModes_::kPrefetch as i32;
pub const MODE_OFFLINE: i32 = ProcessModes_::kOffline as i32;
pub const IO_SIMPLE: IoMode = IoModes_::kSimple as IoMode;
pub const IO_ADVANCED: IoMode = IoModes_::kAdvanced as IoMode;
pub const IO_OFFLINE: IoMode = IoModes_::kOfflineProcessing as IoMode;
pub const NO_TAIL: u32 = kNoTail as u32;
pub const INFINITE_TAIL: u32 = kInfiniteTail as u32;
pub const NEVER_PREFETCHABLE: u32 = ePrefetchableSupport_::kIsNeverPrefetchable as u32;
pub const YET_PREFETCHABLE: u32 = ePrefetchableSupport_::kIsYetPrefetchable as u32;
pub const NOT_YET_PREFETCHABLE: u32 = ePrefetchableSupport_::kIsNotYetPrefetchable as u32;

// What is valid in a process context.
pub const CTX_PLAYING: u32 = ProcessContext_::StatesAndFlags_::kPlaying as u32;
pub const CTX_CYCLE_ACTIVE: u32 = ProcessContext_::StatesAndFlags_::kCycleActive as u32;
pub const CTX_RECORDING: u32 = ProcessContext_::StatesAndFlags_::kRecording as u32;
pub const CTX_SYSTEM_TIME_VALID: u32 = ProcessContext_::StatesAndFlags_::kSystemTimeValid as u32;
pub const CTX_CONTINUOUS_VALID: u32 = ProcessContext_::StatesAndFlags_::kContTimeValid as u32;
pub const CTX_MUSIC_VALID: u32 = ProcessContext_::StatesAndFlags_::kProjectTimeMusicValid as u32;
pub const CTX_BAR_VALID: u32 = ProcessContext_::StatesAndFlags_::kBarPositionValid as u32;
pub const CTX_CYCLE_VALID: u32 = ProcessContext_::StatesAndFlags_::kCycleValid as u32;
pub const CTX_TEMPO_VALID: u32 = ProcessContext_::StatesAndFlags_::kTempoValid as u32;
pub const CTX_SIGNATURE_VALID: u32 = ProcessContext_::StatesAndFlags_::kTimeSigValid as u32;
pub const CTX_CHORD_VALID: u32 = ProcessContext_::StatesAndFlags_::kChordValid as u32;
pub const CTX_SMPTE_VALID: u32 = ProcessContext_::StatesAndFlags_::kSmpteValid as u32;
pub const CTX_CLOCK_VALID: u32 = ProcessContext_::StatesAndFlags_::kClockValid as u32;

// What a processor says it needs of a process context.
pub const NEED_SYSTEM_TIME: u32 = IProcessContextRequirements_::Flags_::kNeedSystemTime as u32;
pub const NEED_CONTINUOUS: u32 = IProcessContextRequirements_::Flags_::kNeedContinousTimeSamples as u32;
pub const NEED_MUSIC: u32 = IProcessContextRequirements_::Flags_::kNeedProjectTimeMusic as u32;
pub const NEED_BAR: u32 = IProcessContextRequirements_::Flags_::kNeedBarPositionMusic as u32;
pub const NEED_CYCLE: u32 = IProcessContextRequirements_::Flags_::kNeedCycleMusic as u32;
pub const NEED_CLOCK: u32 = IProcessContextRequirements_::Flags_::kNeedSamplesToNextClock as u32;
pub const NEED_TEMPO: u32 = IProcessContextRequirements_::Flags_::kNeedTempo as u32;
pub const NEED_SIGNATURE: u32 = IProcessContextRequirements_::Flags_::kNeedTimeSignature as u32;
pub const NEED_CHORD: u32 = IProcessContextRequirements_::Flags_::kNeedChord as u32;
pub const NEED_FRAME_RATE: u32 = IProcessContextRequirements_::Flags_::kNeedFrameRate as u32;
pub const NEED_TRANSPORT: u32 = IProcessContextRequirements_::Flags_::kNeedTransportState as u32;

// Parameters.
pub const PARAM_CAN_AUTOMATE: i32 = ParameterInfo_::ParameterFlags_::kCanAutomate as i32;
pub const PARAM_READ_ONLY: i32 = ParameterInfo_::ParameterFlags_::kIsReadOnly as i32;
pub const PARAM_WRAP: i32 = ParameterInfo_::ParameterFlags_::kIsWrapAround as i32;
pub const PARAM_LIST: i32 = ParameterInfo_::ParameterFlags_::kIsList as i32;
pub const PARAM_HIDDEN: i32 = ParameterInfo_::ParameterFlags_::kIsHidden as i32;
pub const PARAM_PROGRAM_CHANGE: i32 = ParameterInfo_::ParameterFlags_::kIsProgramChange as i32;
pub const PARAM_BYPASS: i32 = ParameterInfo_::ParameterFlags_::kIsBypass as i32;

// restartComponent.
pub const RESTART_RELOAD: i32 = RestartFlags_::kReloadComponent as i32;
pub const RESTART_IO: i32 = RestartFlags_::kIoChanged as i32;
pub const RESTART_VALUES: i32 = RestartFlags_::kParamValuesChanged as i32;
pub const RESTART_LATENCY: i32 = RestartFlags_::kLatencyChanged as i32;
pub const RESTART_TITLES: i32 = RestartFlags_::kParamTitlesChanged as i32;
pub const RESTART_MIDI: i32 = RestartFlags_::kMidiCCAssignmentChanged as i32;
pub const RESTART_NOTE_EXPRESSION: i32 = RestartFlags_::kNoteExpressionChanged as i32;
pub const RESTART_IO_TITLES: i32 = RestartFlags_::kIoTitlesChanged as i32;
pub const RESTART_PREFETCHABLE: i32 = RestartFlags_::kPrefetchableSupportChanged as i32;
pub const RESTART_ROUTING: i32 = RestartFlags_::kRoutingInfoChanged as i32;
pub const RESTART_KEYSWITCH: i32 = RestartFlags_::kKeyswitchChanged as i32;
pub const RESTART_ID_MAPPING: i32 = RestartFlags_::kParamIDMappingChanged as i32;

// Events.
pub const EVENT_NOTE_ON: u16 = Event_::EventTypes_::kNoteOnEvent as u16;
pub const EVENT_NOTE_OFF: u16 = Event_::EventTypes_::kNoteOffEvent as u16;
pub const EVENT_DATA: u16 = Event_::EventTypes_::kDataEvent as u16;
pub const EVENT_POLY_PRESSURE: u16 = Event_::EventTypes_::kPolyPressureEvent as u16;
pub const EVENT_NOTE_EXPRESSION: u16 = Event_::EventTypes_::kNoteExpressionValueEvent as u16;
pub const EVENT_NOTE_EXPRESSION_INT: u16 = Event_::EventTypes_::kNoteExpressionIntValueEvent as u16;
pub const EVENT_NOTE_EXPRESSION_TEXT: u16 = Event_::EventTypes_::kNoteExpressionTextEvent as u16;
pub const EVENT_CHORD: u16 = Event_::EventTypes_::kChordEvent as u16;
pub const EVENT_SCALE: u16 = Event_::EventTypes_::kScaleEvent as u16;
pub const EVENT_LEGACY_MIDI_OUT: u16 = Event_::EventTypes_::kLegacyMIDICCOutEvent as u16;
pub const EVENT_IS_LIVE: u16 = Event_::EventFlags_::kIsLive as u16;

// MIDI controllers beyond 127.
pub const CTRL_AFTERTOUCH: CtrlNumber = ControllerNumbers_::kAfterTouch as CtrlNumber;
pub const CTRL_PITCH_BEND: CtrlNumber = ControllerNumbers_::kPitchBend as CtrlNumber;
pub const CTRL_COUNT: CtrlNumber = ControllerNumbers_::kCountCtrlNumber as CtrlNumber;
pub const CTRL_PROGRAM_CHANGE: CtrlNumber = ControllerNumbers_::kCtrlProgramChange as CtrlNumber;
pub const CTRL_POLY_PRESSURE: CtrlNumber = ControllerNumbers_::kCtrlPolyPressure as CtrlNumber;

// Units and programs.
pub const ROOT_UNIT: UnitID = kRootUnitId as UnitID;
pub const NO_PARENT_UNIT: UnitID = kNoParentUnitId as UnitID;
pub const NO_PROGRAM_LIST: ProgramListID = kNoProgramListId as ProgramListID;

// Streams.
pub const SEEK_SET: i32 = IBStream_::IStreamSeekMode_::kIBSeekSet as i32;
pub const SEEK_CUR: i32 = IBStream_::IStreamSeekMode_::kIBSeekCur as i32;
pub const SEEK_END: i32 = IBStream_::IStreamSeekMode_::kIBSeekEnd as i32;

// Classes of a factory. Macros in the headers, hence spelled out.
pub const CATEGORY_AUDIO: &str = "Audio Module Class";
pub const CATEGORY_CONTROLLER: &str = "Component Controller Class";
pub const CATEGORY_COMPATIBILITY: &str = "Plugin Compatibility Class";
pub const CLASS_DISTRIBUTABLE: u32 = ComponentFlags_::kDistributable as u32;
pub const CLASS_SIMPLE_MODE: u32 = ComponentFlags_::kSimpleModeSupported as u32;

// Data exchange.
pub const INVALID_QUEUE: u32 = InvalidDataExchangeQueueID as u32;
pub const INVALID_BLOCK: u32 = InvalidDataExchangeBlockID as u32;
