// The closed vocabularies of the coach: `Word = "spelling" | "what else people write for it", "what it is";`.
//
// This file is read twice, with another macro `words!` each time: `words.rs` makes the types of it, and `build.rs` checks
// the data files against it. Other spellings are in lower case with underscores, and only what means the same thing: a
// word that could mean two is left to the near-miss suggestion of the parser.

words! {
    /// What a session is for.
    Focus {
        Strength = "strength" | "strong max_strength maximal_strength", "The most force for a few repetitions.";
        Hypertrophy = "hypertrophy" | "muscle_gain muscle_building build_muscle bodybuilding size", "Muscle size.";
        Endurance = "endurance" | "muscular_endurance stamina", "Many repetitions of a moderate load.";
        Power = "power" | "explosiveness explosive", "Force produced fast.";
        GeneralFitness = "general_fitness" | "general fitness health full_body general_health", "A bit of everything, for health.";
        WeightLoss = "weight_loss" | "fat_loss lose_weight fat_burn burn_fat", "Resistance work at short rests, and conditioning.";
    }
    /// How experienced someone is, or how experienced an exercise wants one to be.
    Level {
        Beginner = "beginner" | "novice new starter", "Less than about six months of regular training.";
        Intermediate = "intermediate" | "medium moderate", "Six months to two years.";
        Advanced = "advanced" | "expert pro", "More than two years.";
    }
    /// An item that an exercise can need.
    Equipment {
        Dumbbell = "dumbbell" | "dumbbells dumb_bell dumb_bells db", "A pair of dumbbells.";
        Kettlebell = "kettlebell" | "kettlebells kb", "A pair of kettlebells.";
        Barbell = "barbell" | "barbells olympic_bar", "A barbell with plates.";
        Rack = "rack" | "squat_rack power_rack racks", "A squat rack with safety arms.";
        Bench = "bench" | "benches weight_bench adjustable_bench", "A bench that can be inclined.";
        Bands = "bands" | "band resistance_band resistance_bands exercise_bands", "Elastic bands.";
        Anchor = "anchor" | "door_anchor band_anchor post", "A post or door anchor for bands.";
        PullUpBar = "pull_up_bar" | "pullup_bar pull_up_bars chin_up_bar chinup_bar doorway_bar", "A pull-up bar.";
        Cable = "cable" | "cables cable_machine cable_station", "A cable station with attachments.";
        Machine = "machine" | "machines weight_machines", "The weight machines of a gym.";
        Box = "box" | "boxes plyo_box jump_box", "A sturdy box or step.";
        DipBars = "dip_bars" | "dip_bar dip_station parallel_bars", "Parallel bars.";
        BarLow = "bar_low" | "low_bar", "A fixed bar at hip height.";
        Suspension = "suspension" | "trx suspension_trainer rings", "Suspension straps.";
        JumpRope = "jump_rope" | "skipping_rope jumprope", "A skipping rope.";
        Bike = "bike" | "stationary_bike exercise_bike spin_bike", "A stationary bicycle.";
        Rower = "rower" | "rowing_machine rowing_ergometer", "A rowing ergometer.";
        Elliptical = "elliptical" | "elliptical_trainer cross_trainer", "An elliptical trainer.";
        Treadmill = "treadmill" | "treadmills", "A treadmill.";
        StairMachine = "stair_machine" | "stairmaster stair_climber", "A stair climber.";
    }
    /// The movement an exercise trains.
    Pattern {
        Squat = "squat", "Knee-dominant, both legs.";
        Hinge = "hinge", "Hip-dominant.";
        Lunge = "lunge", "Knee-dominant, one leg at a time.";
        PushHorizontal = "push_horizontal", "Pushing away from the chest.";
        PushVertical = "push_vertical", "Pushing overhead.";
        PullHorizontal = "pull_horizontal", "Pulling to the trunk.";
        PullVertical = "pull_vertical", "Pulling from overhead.";
        Core = "core", "Bracing or bending the trunk.";
        Carry = "carry", "Walking with a load.";
        IsolationUpper = "isolation_upper", "One joint of the arm or shoulder.";
        IsolationLower = "isolation_lower", "One joint of the leg.";
        Plyometric = "plyometric", "Jumps and throws.";
        Cardio = "cardio", "Rhythmic, large muscles.";
        Mobility = "mobility", "Preparing joints.";
        Stretch = "stretch", "Holding a stretch.";
    }
    /// The role an exercise can play; in this order within the main part of a session.
    Kind {
        Plyometric = "plyometric", "Explosive, first while fresh.";
        Compound = "compound", "Several joints.";
        Isolation = "isolation", "One joint.";
        Core = "core", "The trunk.";
        Conditioning = "conditioning", "Heart and lungs.";
        Mobility = "mobility", "Warm-up.";
        Stretch = "stretch", "Cool-down.";
    }
    /// Where the resistance comes from.
    Load {
        None = "none", "There is none to speak of.";
        Body = "body", "Body weight, usually with many repetitions in reserve.";
        HeavyBody = "heavy_body", "Body weight close to what most people can lift.";
        External = "external", "A weight, a stack or a band that one can choose.";
    }
    /// A muscle group, in the names of free-exercise-db.
    Muscle {
        Quadriceps = "quadriceps" | "quads", "Front of the thigh.";
        Hamstrings = "hamstrings" | "hams", "Back of the thigh.";
        Glutes = "glutes" | "glute", "Buttocks.";
        Chest = "chest" | "pecs", "Chest.";
        Lats = "lats", "Side of the back.";
        MiddleBack = "middle_back" | "upper_back", "Between the shoulder blades.";
        LowerBack = "lower_back", "Spinal erectors.";
        Shoulders = "shoulders" | "delts shoulder", "Deltoids.";
        Traps = "traps", "Trapezius.";
        Triceps = "triceps", "Back of the arm.";
        Biceps = "biceps", "Front of the arm.";
        Forearms = "forearms", "Forearms.";
        Abdominals = "abdominals" | "abs core", "Trunk.";
        Abductors = "abductors", "Outer hip.";
        Adductors = "adductors", "Inner thigh.";
        Calves = "calves" | "calf", "Calves.";
        Neck = "neck", "Neck.";
    }
    /// A demand that an injury or a condition may forbid; `data/catalogue.json` explains each.
    Tag {
        Overhead = "OH", "Overhead.";
        ShoulderExtension = "SHX", "Shoulder extension under load.";
        Spine = "SX", "Spinal axial, shear or extension load.";
        DeepKnee = "DK", "Loaded, deep or kneeling knee flexion.";
        Impact = "IM", "Impact.";
        Wrist = "WR", "Wrist extension under load.";
        Grip = "GR", "Heavy grip.";
        Supine = "SUP", "Lying on the back.";
        Prone = "PRN", "Lying or leaning face down.";
        Isometric = "ISO", "Long isometric hold.";
        Flexion = "FLX", "Loaded or end-range spinal flexion or rotation.";
        SingleLeg = "SL", "Single-leg balance.";
        Inverted = "INV", "Head-down.";
        Ankle = "ANK", "Ankle load.";
        Elbow = "ELB", "Isolated or supinated elbow load (house).";
        Neck = "NK", "Load on or strain of the neck (house).";
        Hip = "HIP", "Deep or wide hip range under load (house).";
        AtShoulder = "R_SHO", "Loads the shoulder, leans on it or takes it to the end of its range (house).";
        AtElbow = "R_ELB", "The same for the elbow.";
        AtWrist = "R_WR", "The same for the wrist, gripping a load included.";
        AtNeck = "R_NK", "The same for the neck, holding the head against gravity included.";
        AtBack = "R_BACK", "The same for the lower back.";
        AtHip = "R_HIP", "The same for the hip.";
        AtKnee = "R_KN", "The same for the knee.";
        AtAnkle = "R_ANK", "The same for the ankle.";
        Main = "MAIN", "No demand: a basic lift that takes most load, preferred for strength (house).";
    }
    /// A part of the body that can be injured.
    Area {
        Shoulder = "shoulder" | "shoulders rotator_cuff", "Shoulder.";
        Knee = "knee" | "knees", "Knee.";
        LowerBack = "lower_back" | "back low_back lumbar", "Lower back.";
        Wrist = "wrist" | "wrists hand", "Wrist.";
        Elbow = "elbow" | "elbows tennis_elbow", "Elbow.";
        Ankle = "ankle" | "ankles foot achilles", "Ankle.";
        Hip = "hip" | "hips groin", "Hip.";
        Neck = "neck", "Neck.";
    }
    /// How bad an injury is, and so what it changes.
    InjurySeverity {
        Mild = "mild", "Modify.";
        Moderate = "moderate", "Exclude the demands that load it.";
        Severe = "severe", "Exclude all that loads the area, and refer.";
    }
    /// A medical condition that changes a session.
    Condition {
        Hypertension = "hypertension" | "high_blood_pressure", "High blood pressure, controlled.";
        UncontrolledHypertension = "uncontrolled_hypertension", "High blood pressure, not controlled.";
        Cardiac = "cardiac" | "heart_disease heart_condition cardiovascular_disease coronary_disease", "A heart or vessel disease.";
        Diabetes = "diabetes" | "type_1_diabetes type_2_diabetes", "Diabetes.";
        KidneyDisease = "kidney_disease" | "renal_disease", "Kidney disease.";
        BetaBlocker = "beta_blocker" | "beta_blockers", "Taking a beta blocker.";
        Pregnancy = "pregnancy" | "pregnant", "Pregnancy.";
        Osteoporosis = "osteoporosis", "Osteoporosis.";
    }
    /// A sign that needs a doctor before any training.
    Symptom {
        ChestPain = "chest_pain" | "chest_pressure chest_tightness chest_discomfort angina", "Chest pain or pressure.";
        ShortnessOfBreath = "shortness_of_breath" | "breathlessness dyspnea shortness_of_breath_at_rest", "Shortness of breath at rest or with mild effort.";
        Dizziness = "dizziness" | "dizzy lightheadedness light_headed", "Dizziness.";
        Fainting = "fainting" | "syncope passed_out loss_of_consciousness", "Fainting.";
        Palpitations = "palpitations" | "irregular_heartbeat racing_heart", "Palpitations at rest.";
        AnkleSwelling = "ankle_swelling" | "swollen_ankles edema", "Swollen ankles.";
        BreathlessLyingDown = "breathless_lying_down" | "orthopnea", "Breathlessness lying down.";
        LegPainWalking = "leg_pain_walking" | "claudication", "Leg cramps when walking.";
        HeartMurmur = "heart_murmur", "A known heart murmur.";
        UnusualFatigue = "unusual_fatigue", "Unusual fatigue with everyday activities.";
    }
}
